#include "actors/registration.hpp"

#include "runtime/base/bounds.hpp"
#include "runtime/metadata/errors.hpp"
#include "runtime/metadata/image.hpp"
#include "runtime/node/context.hpp"
#include "runtime/wire/caf.hpp"
#include "schema/membership.capnp.h"

#include <caf/all.hpp>

#include <optional>

namespace troupe {

/// Time for the next heartbeat, or for the next try to register.
struct heartbeat_tick {};

/// Time to see whether a node that wants to stop has waited long enough.
struct patience_tick {};

}  // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::heartbeat_tick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::patience_tick)

namespace troupe {

namespace {

using schema::BrokerHeartbeat;
using schema::BrokerHeartbeatAnswer;
using schema::BrokerRegistered;
using schema::BrokerRegistration;

/// Without a word of a controller for so long, longer than an election takes, a node that wants to stop does so: the
/// last nodes of a cluster that stops altogether have no quorum any more.
constexpr auto silence_max = std::chrono::milliseconds{3'000};
constexpr auto patience_pause = std::chrono::milliseconds{250};

bool is_metadata_error(const error& e, metadata::errc code) {
  return is_error(e, error_domain::metadata, static_cast<std::uint8_t>(code));
}

class registration_state {
 public:
  void start(caf::event_based_actor* self, node_context& context, caf::actor controller) {
    self_ = self;
    context_ = &context;
    controller_ = std::move(controller);
  }

  // -- messages ---------------------------------------------------------------------------------------------------

  caf::result<registration_opened> open(const registration_open& m) {
    facts_ = m;
    opened_ = self_->make_response_promise<registration_opened>();
    act();
    return *opened_;
  }

  caf::result<registration_closed> close() {
    closed_ = self_->make_response_promise<registration_closed>();
    heard_at_ = context_->time.monotonic_now();
    give_up_at_ = heard_at_ + bounds::controlled_shutdown_max;
    if (epoch_ < 0) {
      finish();
    } else {
      self_->delayed_send(self_, patience_pause, patience_tick{});
      act();
    }
    return *closed_;
  }

  void tick() {
    armed_ = false;
    act();
  }

  void look_at_patience() {
    const auto now = context_->time.monotonic_now();
    if (finished_)
      return;
    if (now >= give_up_at_ || now - heard_at_ >= silence_max)
      return finish();
    self_->delayed_send(self_, patience_pause, patience_tick{});
  }

 private:
  /// Registers, or sends a heartbeat; the answer, or the lack of one, arms the next.
  void act() {
    if (under_way_ || finished_)
      return;
    under_way_ = true;
    if (epoch_ < 0)
      register_self();
    else
      beat();
  }

  void arm(std::chrono::milliseconds pause) {
    under_way_ = false;
    if (!std::exchange(armed_, true))
      self_->delayed_send(self_, pause, heartbeat_tick{});
  }

  // -- registration -----------------------------------------------------------------------------------------------

  void register_self() {
    self_->request(controller_, bounds::controller_answer_max, registration())
      .then([this](const wire<BrokerRegistered>& m) {
              epoch_ = m->getEpoch();
              context_->broker_epoch = epoch_;
              say(log_level::info, "registered with epoch " + std::to_string(epoch_));
              under_way_ = false;
              act();
            },
            [this](const caf::error& why) {
              if (is_metadata_error(why, metadata::errc::duplicate_broker_registration) && !await_end_of_other())
                return self_->quit(why);
              say_once(why);
              arm(bounds::registration_retry_pause);
            });
  }

  /// The process of this node before this one may not be known to be dead yet; after its session it is another one.
  bool await_end_of_other() {
    const auto now = context_->time.monotonic_now();
    if (refused_since_ == monotonic_time{})
      refused_since_ = now;
    return now - refused_since_ <= 2 * context_->settings.duration("broker.session.timeout.ms");
  }

  wire<BrokerRegistration> registration() const {
    wire_builder<BrokerRegistration> b{128};
    b->setNode(context_->self.value);
    metadata::write_id(b->initIncarnation(), context_->incarnation);
    metadata::write_id(b->initDirectory(), facts_.directory);
    b->setCleanEpoch(facts_.clean_epoch);
    if (const auto rack = context_->settings.rack())
      b->setRack(*rack);
    const auto& all = context_->endpoints();
    auto endpoints = b->initEndpoints(static_cast<unsigned>(all.size()));
    for (unsigned i = 0; i < all.size(); ++i) {
      endpoints[i].setListener(all[i].name);
      endpoints[i].setHost(all[i].host);
      endpoints[i].setPort(all[i].port);
      endpoints[i].setProtocol(all[i].protocol);
    }
    return std::move(b).freeze();
  }

  // -- heartbeats -------------------------------------------------------------------------------------------------

  void beat() {
    const auto view = context_->view.get();
    wire_builder<BrokerHeartbeat> b;
    b->setNode(context_->self.value);
    b->setEpoch(epoch_);
    b->setAppliedIndex(view ? view->image->applied_index() : 0);
    b->setWantsToStop(closed_.has_value());
    self_->request(controller_, bounds::controller_answer_max, std::move(b).freeze())
      .then([this](const wire<BrokerHeartbeatAnswer>& m) { heard(*m); },
            [this](const caf::error& why) {
              if (is_metadata_error(why, metadata::errc::stale_broker_epoch)
                  || is_metadata_error(why, metadata::errc::broker_id_not_registered))
                epoch_ = -1;  // it has forgotten this process, or fenced it for good: begin anew
              say_once(why);
              arm(bounds::registration_retry_pause);
            });
  }

  void heard(BrokerHeartbeatAnswer::Reader m) {
    said_ = false;
    heard_at_ = context_->time.monotonic_now();
    if (!m.getFenced() && opened_) {
      opened_->deliver(registration_opened{});
      opened_.reset();
    }
    if (closed_ && m.getMayStop())
      return finish();
    const bool wants_news = m.getFenced() || closed_;
    arm(wants_news ? bounds::registration_retry_pause : context_->settings.duration("broker.heartbeat.interval.ms"));
  }

  void finish() {
    finished_ = true;
    closed_->deliver(registration_closed{});
  }

  void say_once(const error& why) {
    if (!std::exchange(said_, true))
      say(log_level::warning, "the controller does not answer, trying on: " + render(why));
  }

  void say(log_level level, std::string_view line) { context_->log.write(level, "registration", line); }

  caf::event_based_actor* self_ = nullptr;
  node_context* context_ = nullptr;
  caf::actor controller_;
  registration_open facts_;
  std::optional<caf::typed_response_promise<registration_opened>> opened_;
  std::optional<caf::typed_response_promise<registration_closed>> closed_;
  monotonic_time give_up_at_;
  monotonic_time heard_at_;  ///< the controller, last
  monotonic_time refused_since_{};
  std::int64_t epoch_ = -1;
  bool under_way_ = false;
  bool armed_ = false;
  bool finished_ = false;
  bool said_ = false;  ///< that the controller does not answer, until it does
};

caf::behavior registration(caf::stateful_actor<registration_state>* self, node_context* context,
                           caf::actor controller) {
  adopt(self, *context, "registration");
  auto* state = &self->state;
  state->start(self, *context, std::move(controller));
  return {
    [state](const registration_open& m) { return state->open(m); },
    [state](const registration_close&) { return state->close(); },
    [state](const heartbeat_tick&) { state->tick(); },
    [state](const patience_tick&) { state->look_at_patience(); },
  };
}

}  // namespace

caf::actor spawn_registration(node_context& context, caf::actor controller) {
  return context.spawn(registration, &context, std::move(controller));
}

}  // namespace troupe
