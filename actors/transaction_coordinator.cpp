#include "actors/transaction_coordinator.hpp"

#include "actors/api/handler.hpp"
#include "actors/coordinator_bodies.hpp"
#include "actors/journal.hpp"
#include "actors/marker_sender.hpp"
#include "runtime/base/bounds.hpp"
#include "runtime/group/placement.hpp"
#include "runtime/group/refusal.hpp"
#include "runtime/metadata/image.hpp"
#include "runtime/node/cluster_view.hpp"
#include "runtime/node/context.hpp"
#include "runtime/node/errors.hpp"
#include "runtime/transaction/coordinator.hpp"
#include "runtime/group/name_pattern.hpp"
#include "schema/controller.capnp.h"

#include <caf/all.hpp>

#include <map>
#include <utility>

namespace troupe {

namespace {

using schema::ControllerReply;
using schema::ControllerRequest;
using schema::CoordinatorReply;
using schema::CoordinatorRequest;
using reply_promise = caf::typed_response_promise<wire<CoordinatorReply>>;

transaction::options options_of(const config::broker_config& settings) {
  transaction::options out;
  out.timeout_max = settings.duration("transaction.max.timeout.ms");
  out.id_expiration = settings.duration("transactional.id.expiration.ms");
  out.id_check_interval = settings.duration("transaction.remove.expired.transaction.cleanup.interval.ms");
  return out;
}

class transaction_coordinator_state {
 public:
  void start(caf::event_based_actor* self, node_context& context, const caf::actor& coordination,
             caf::actor controller, const attachment& at) {
    self_ = self;
    context_ = &context;
    controller_ = std::move(controller);
    coordinator_.emplace(options_of(context.settings));
    markers_.start(self, context, coordination, at.id.index, at.epoch,
                   [this](const transaction::marker_order& of, const std::vector<transaction::participant>& done) {
                     carry_out(coordinator_->marked(of.id, of.producer, of.epoch, done, now()));
                   });
    self_->set_down_handler([this](caf::scheduled_actor*, caf::down_msg& m) { gone(m); });
    journal_.open(self, context, at,
                  static_cast<std::size_t>(context.settings.integer("transaction.state.log.load.buffer.size")),
                  {[this](const journal_record& r) { return coordinator_->replay(r); },
                   [](const journal_producer&, const journal_record&) { return error{}; },
                   [](const log::transaction_marker&) {},
                   [this] { loaded(); },
                   [this](std::uint64_t number) {
                     carry_out(coordinator_->committed(transaction::ticket{number}, now()));
                   },
                   [this](std::uint64_t number, const error& why) {
                     carry_out(coordinator_->refused(transaction::ticket{number},
                                                     group::code_for_client(api::code_of(why)), now()));
                   },
                   [this](const error& why) { fail_open(why); }});
  }

  caf::result<wire<CoordinatorReply>> serve(const wire<CoordinatorRequest>& m) {
    if (!journal_.is_loaded())
      return make_error(node_errc::coordinator_loading, "the coordinator of " + journal_.at().name() + " is loading");
    using namespace kafka;
    using transaction::coordinator;
    switch (m->getApiKey()) {
      case init_producer_id_request::api_key: return ask<init_producer_id_request>(m, &coordinator::init);
      case add_partitions_to_txn_request::api_key:
        return ask<add_partitions_to_txn_request>(m, &coordinator::add_partitions);
      case add_offsets_to_txn_request::api_key: return add_offsets(m);
      case end_txn_request::api_key: return ask<end_txn_request>(m, &coordinator::end);
      case describe_transactions_request::api_key: return describe(m);
      case list_transactions_request::api_key: return list(m);
      default: break;
    }
    return make_error(errc::unknown_api,
                      "api " + std::to_string(m->getApiKey()) + " is not a transaction coordinator's");
  }

  void wake(monotonic_time due) {
    if (due != armed_until_)
      return;
    armed_until_ = monotonic_time::max();
    carry_out(coordinator_->tick(now()));
  }

  void on_marker_tick() { markers_.on_tick(); }

  void end() {
    if (journal_.is_loaded())
      carry_out(coordinator_->close(kafka::error_code::not_coordinator));
    self_->quit();
  }

 private:
  /// A request that is not answered yet.
  struct open_request {
    reply_promise promise;
    std::int16_t version = 0;
  };

  transaction::moment now() const { return {context_->time.monotonic_now(), context_->time.wall_now()}; }

  void loaded() {
    say(coordinator_->size() > 0 ? log_level::info : log_level::debug,
        "loaded, " + std::to_string(coordinator_->size()) + " transactional ids");
    carry_out(coordinator_->loaded(now()));
  }

  // -- requests -----------------------------------------------------------------------------------------------------

  transaction::caller begin(const wire<CoordinatorRequest>& m) {
    transaction::caller who{transaction::request_id{++last_request_}, m->getApiVersion(), m->getClientId(),
                            m->getClientHost()};
    open_.emplace(who.id, open_request{self_->make_response_promise<wire<CoordinatorReply>>(), who.version});
    return who;
  }

  template <class Request>
  caf::result<wire<CoordinatorReply>> ask(const wire<CoordinatorRequest>& m,
                                          transaction::effects (transaction::coordinator::*serves)(
                                            const transaction::caller&, const Request&, transaction::moment)) {
    auto r = decoded<Request>(m);
    if (!r)
      return r.error();
    const auto who = begin(m);
    auto promise = open_.at(who.id).promise;
    carry_out(((*coordinator_).*serves)(who, *r, now()));
    return promise;
  }

  caf::result<wire<CoordinatorReply>> add_offsets(const wire<CoordinatorRequest>& m) {
    auto r = decoded<kafka::add_offsets_to_txn_request>(m);
    if (!r)
      return r.error();
    const auto topic = context_->view.get()->image->find_topic(group::offsets_topic);
    if (!topic) {
      kafka::add_offsets_to_txn_response out;
      out.error_code = kafka::code_of(kafka::error_code::coordinator_not_available);
      return encoded(out, m->getApiVersion());
    }
    const auto who = begin(m);
    auto promise = open_.at(who.id).promise;
    carry_out(coordinator_->add_offsets(
      who, *r, {std::string{group::offsets_topic}, group::responsible_partition(r->group_id, topic->partition_count())},
      now()));
    return promise;
  }

  caf::result<wire<CoordinatorReply>> describe(const wire<CoordinatorRequest>& m) {
    auto r = decoded<kafka::describe_transactions_request>(m);
    if (!r)
      return r.error();
    kafka::describe_transactions_response out;
    for (const auto& id : r->transactional_ids)
      out.transaction_states.push_back(coordinator_->describe(id));
    return encoded(out, m->getApiVersion());
  }

  caf::result<wire<CoordinatorReply>> list(const wire<CoordinatorRequest>& m) {
    auto r = decoded<kafka::list_transactions_request>(m);
    if (!r)
      return r.error();
    kafka::list_transactions_response out;
    const group::name_pattern pattern{r->transactional_id_pattern.value_or("")};
    if (pattern.is_sound())
      coordinator_->list(*r, now(), [&](const std::string& id) { return pattern.matches(id); }, out.transaction_states);
    else
      out.error_code = kafka::code_of(kafka::error_code::invalid_regular_expression);
    return encoded(out, m->getApiVersion());
  }

  // -- effects ------------------------------------------------------------------------------------------------------

  void carry_out(transaction::effects e) {
    for (const auto& line : e.notes)
      say(log_level::info, line);
    for (auto& batch : e.batches)
      journal_.append(batch.id.value, std::move(batch.records));
    for (auto& order : e.markers)
      markers_.send(std::move(order));
    for (auto& one : e.answers)
      answer(one.to, one.body);
    if (e.wants_producer_id)
      fetch_producer_id();
    arm();
  }

  void answer(transaction::request_id to, const transaction::response& body) {
    auto open = open_.extract(to);
    if (!open)
      return;
    auto reply = std::visit([&](const auto& b) { return encoded(b, open.mapped().version); }, body);
    if (reply)
      open.mapped().promise.deliver(std::move(*reply));
    else
      open.mapped().promise.deliver(std::move(reply.error()));
  }

  /// As an idempotent producer gets one.
  void fetch_producer_id() {
    constexpr std::int16_t version = 4;
    kafka::init_producer_id_request r;
    r.transactional_id.reset();
    kafka::writer out;
    r.encode(out, version);
    wire_builder<ControllerRequest> b;
    b->setApiKey(r.api_key);
    b->setApiVersion(version);
    b->setBody(b.attach(flatten(std::move(out).finish())));
    self_->request(controller_, bounds::controller_answer_max, std::move(b).freeze())
      .then([this](const wire<ControllerReply>& m) {
              kafka::reader in{std::get<byte_slice>(m.attachment(m->getBody()))};
              kafka::init_producer_id_response answer;
              answer.decode(in, version);
              if (in.ok() && answer.error_code == 0)
                carry_out(coordinator_->give_producer_id(producer_id{answer.producer_id}));
              else
                carry_out(coordinator_->no_producer_id_for_now());
            },
            [this](const caf::error&) { carry_out(coordinator_->no_producer_id_for_now()); });
  }

  void fail_open(const error& why) {
    for (auto& [id, open] : std::exchange(open_, {}))
      open.promise.deliver(why);
  }

  void arm() {
    const auto due = coordinator_->wakes_at();
    if (!due || *due >= armed_until_)
      return;
    const auto pause = std::max<monotonic_time::duration>(*due - context_->time.monotonic_now(),
                                                          bounds::journal_wake_min);
    armed_until_ = *due;
    self_->delayed_send(self_, pause, wake_tick{*due});
  }

  void gone(const caf::down_msg& m) {
    if (m.source != journal_.at().partition.address())
      return;
    fail_open(m.reason);
    self_->quit(m.reason);
  }

  void say(log_level level, std::string_view line) {
    context_->log.write(level, "transaction coordinator " + journal_.at().name(), line);
  }

  caf::event_based_actor* self_ = nullptr;
  node_context* context_ = nullptr;
  caf::actor controller_;
  journal journal_;
  marker_sender markers_;
  std::optional<transaction::coordinator> coordinator_;
  std::uint64_t last_request_ = 0;
  std::map<transaction::request_id, open_request> open_;
  monotonic_time armed_until_ = monotonic_time::max();
};

caf::behavior transaction_coordinator(caf::stateful_actor<transaction_coordinator_state>* self, node_context* context,
                                      const caf::actor& coordination, const caf::actor& controller,
                                      const attachment& at) {
  adopt(self, *context, "transaction coordinator " + at.name());
  auto* state = &self->state;
  state->start(self, *context, coordination, controller, at);
  return {
    [state](const wire<CoordinatorRequest>& m) { return state->serve(m); },
    [state](const wake_tick& m) { state->wake(m.due); },
    [state](const marker_tick&) { state->on_marker_tick(); },
    [state](const attachment_ends&) { state->end(); },
  };
}

}  // namespace

caf::actor spawn_transaction_coordinator(node_context& context, const caf::actor& coordination,
                                         const caf::actor& controller, const attachment& at) {
  return context.spawn(transaction_coordinator, &context, coordination, controller, at);
}

}  // namespace troupe
