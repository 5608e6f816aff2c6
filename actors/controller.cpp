#include "actors/controller.hpp"

#include "actors/controller_reign.hpp"
#include "actors/controller_timers.hpp"
#include "actors/replicas.hpp"
#include "runtime/base/bounds.hpp"
#include "runtime/node/context.hpp"
#include "runtime/node/errors.hpp"

#include <caf/all.hpp>

#include <functional>
#include <vector>

namespace troupe {

namespace {

using schema::BrokerHeartbeat;
using schema::BrokerHeartbeatAnswer;
using schema::BrokerRegistered;
using schema::BrokerRegistration;
using schema::ControllerReply;
using schema::ControllerRequest;
using schema::IsrChange;
using schema::IsrChanged;

class controller_state {
 public:
  void start(caf::event_based_actor* self, node_context& context, caf::actor peers) {
    self_ = self;
    context_ = &context;
    peers_ = std::move(peers);
    self_->set_down_handler([this](caf::scheduled_actor*, caf::down_msg& m) { quorum_.peer_down(m); });
  }

  caf::result<controller_opened> open(const controller_open& m) {
    replicas_ = m.replicas;
    reign_.start(*context_, quorum_);
    quorum::events heard{[this] { committed(); }, [this] { reconsider(); }, [this](node_id id) { met(id); },
                         [this](node_id id, const topic_id& incarnation) { reign_.lost(id, incarnation); },
                         [this](const error& why) { give_up(why); }};
    if (auto failed = quorum_.open(self_, *context_, peers_, m.how, std::move(heard)))
      return failed;
    self_->send(replicas_, image_published{quorum_.image()});
    self_->delayed_send(self_, bounds::watch_interval, watch_tick{});
    return controller_opened{};
  }

  /// Does what `m` asks if this node is the active controller, has the active one do it otherwise, or waits for one.
  template <class Reply, class Request>
  caf::result<wire<Reply>> serve(const wire<Request>& m) {
    auto promise = self_->make_response_promise<wire<Reply>>();
    dispatch<Reply>(m, promise);
    return promise;
  }

  template <class T>
  void receive(const wire<T>& m) {
    quorum_.receive(m);
  }

  void met(node_id id) {
    reign_.met(id);
    dispatch_held();
  }

  void on_quorum_tick(const quorum_tick& m) { quorum_.tick(m.due); }

  void on_watch_tick() {
    self_->delayed_send(self_, bounds::watch_interval, watch_tick{});
    reign_.watch();
    const auto now = context_->time.monotonic_now();
    std::erase_if(held_, [&](held_request& h) {
      if (h.until > now)
        return false;
      h.give_up();
      return true;
    });
    dispatch_held();
  }

  caf::result<controller_closed> close() {
    if (auto failed = quorum_.close())
      return failed;
    return controller_closed{};
  }

 private:
  struct held_request {
    monotonic_time until;
    std::function<void()> try_again;
    std::function<void()> give_up;
  };

  template <class Reply, class Request>
  void dispatch(const wire<Request>& m, caf::typed_response_promise<wire<Reply>> promise) {
    if (quorum_.is_active())
      return reign_.serve(m, std::move(promise));
    if (auto leader = quorum_.leader_handle()) {
      promise.delegate(leader, m);
      return;
    }
    auto refuse = [promise]() mutable {
      promise.deliver(make_error(node_errc::no_controller, "no active controller is known; ask again"));
    };
    if (held_.size() >= bounds::held_requests_max)
      return refuse();
    held_.push_back({context_->time.monotonic_now() + bounds::held_requests_time,
                     [this, m, promise] { dispatch<Reply>(m, promise); }, refuse});
  }

  void dispatch_held() {
    if (held_.empty() || (!quorum_.is_active() && !quorum_.leader_handle()))
      return;
    for (auto& h : std::exchange(held_, {}))
      h.try_again();
  }

  void committed() {
    reign_.committed();
    self_->send(replicas_, image_published{quorum_.image()});
  }

  void reconsider() {
    const auto& seat = quorum_.view();
    context_->controller = seat.leader.node.value;
    reign_.reconsider();
    dispatch_held();
  }

  /// Without its log the controller can promise nothing: the node ends and recovers at its next start.
  void give_up(const error& why) {
    context_->log.write(log_level::error, "controller", "metadata log: " + render(why));
    self_->quit(why);
  }

  caf::event_based_actor* self_ = nullptr;
  node_context* context_ = nullptr;
  caf::actor peers_;
  caf::actor replicas_;
  quorum quorum_;
  controller_reign reign_;
  std::vector<held_request> held_;
};

caf::behavior controller(caf::stateful_actor<controller_state>* self, node_context* context, caf::actor peers) {
  adopt(self, *context, "controller");
  auto* state = &self->state;
  state->start(self, *context, std::move(peers));
  return {
    [state](const controller_open& m) { return state->open(m); },
    [state](const wire<ControllerRequest>& m) { return state->serve<ControllerReply>(m); },
    [state](const wire<BrokerRegistration>& m) { return state->serve<BrokerRegistered>(m); },
    [state](const wire<BrokerHeartbeat>& m) { return state->serve<BrokerHeartbeatAnswer>(m); },
    [state](const wire<IsrChange>& m) { return state->serve<IsrChanged>(m); },
    [state](const wire<schema::RaftVoteRequest>& m) { state->receive(m); },
    [state](const wire<schema::RaftVoteReply>& m) { state->receive(m); },
    [state](const wire<schema::RaftAppendRequest>& m) { state->receive(m); },
    [state](const wire<schema::RaftAppendReply>& m) { state->receive(m); },
    [state](const wire<schema::RaftSnapshotRequest>& m) { state->receive(m); },
    [state](const wire<schema::RaftSnapshotReply>& m) { state->receive(m); },
    [state](const wire<schema::RaftSubscribeRequest>& m) { state->receive(m); },
    [state](const wire<schema::RaftSubscribeReply>& m) { state->receive(m); },
    [state](const wire<schema::RaftTimeoutNow>& m) { state->receive(m); },
    [state](const quorum_tick& m) { state->on_quorum_tick(m); },
    [state](const watch_tick&) { state->on_watch_tick(); },
    [state](const controller_close&) { return state->close(); },
  };
}

}  // namespace

caf::actor spawn_controller(node_context& context, caf::actor peers) {
  return context.spawn_blocking(controller, &context, std::move(peers));
}

}  // namespace troupe
