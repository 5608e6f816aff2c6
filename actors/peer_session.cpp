#include "actors/peer_session.hpp"

#include "actors/link_codec.hpp"
#include "actors/link_stream.hpp"
#include "actors/session.hpp"
#include "runtime/base/bounds.hpp"
#include "runtime/metadata/records.hpp"
#include "runtime/node/context.hpp"
#include "runtime/node/errors.hpp"

#include <caf/all.hpp>

namespace troupe {

/// Time to look whether the peer still speaks.
struct peer_tick {};

}  // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::peer_tick)

namespace troupe {

namespace {

using schema::LinkFrame;

class peer_session_state {
 public:
  void start(caf::event_based_actor* self, node_context& context, std::shared_ptr<connection> stream,
             std::shared_ptr<const peer_services> services, caf::actor peers) {
    self_ = self;
    context_ = &context;
    services_ = std::move(services);
    peers_ = std::move(peers);
    host_ = stream->peer().host + ":" + std::to_string(stream->peer().port);
    began_ = context.time.monotonic_now();
    stream_.open(context, std::move(stream), caf::actor_cast<caf::actor>(self));
    self_->set_down_handler([this](caf::scheduled_actor*, caf::down_msg& m) { service_ended(m); });
    self_->delayed_send(self_, bounds::link_hello_max, peer_tick{});
  }

  // -- messages ---------------------------------------------------------------------------------------------------

  void take(const link_frames& m) {
    auto failed = stream_.take(m, [this](net::link_frame& frame) { return handle(frame); });
    if (!failed || ended_)
      return;
    ended_ = true;
    context_->log.write(log_level::warning, "peer " + host_, "link closed: " + render(failed));
    stream_.send_refusal(render(failed));
    stream_.close();
  }

  void drained() { stream_.drained(); }
  void closed() { self_->quit(); }
  void stop() { stream_.close(); }

  void tick() {
    const bool mute = !met_ && context_->time.monotonic_now() - began_ >= bounds::link_hello_max;
    if (mute || stream_.is_silent())
      return stream_.close();
    self_->delayed_send(self_, bounds::link_ping_interval, peer_tick{});
  }

 private:
  error handle(net::link_frame& frame) {
    const auto head = *frame.head;
    if (!met_ && !head.isHello())
      return make_error(node_errc::peer_refused, "the first frame of a link must be a hello");
    switch (head.which()) {
      case LinkFrame::HELLO: return meet(head.getHello());
      case LinkFrame::CALL: return call(head.getCall(), std::move(frame.message));
      case LinkFrame::WATCH: return watch(head.getWatch());
      case LinkFrame::PING: pong(); return {};
      default: return {};  // of a newer version, and asks for no answer
    }
  }

  error meet(schema::LinkHello::Reader m) {
    const std::string cluster = m.getClusterId();
    if (!cluster.empty() && cluster != context_->cluster_id())
      return make_error(node_errc::peer_refused, "this node belongs to cluster " + context_->cluster_id() + ", not to "
                                                   + cluster + "; check the addresses of the nodes");
    if (m.getNode() == context_->self.value)
      return make_error(node_errc::peer_refused, "this node is node " + std::to_string(context_->self.value)
                                                   + ", too; give each node a node.id of its own");
    if (m.getVersion() == 0)
      return make_error(node_errc::peer_refused, "link version 0 is not spoken here");
    met_ = true;
    stream_.met(node_id{m.getNode()}, metadata::read_id(m.getIncarnation()));
    stream_.send_hello(m.getLane());
    self_->send(peers_, peer_seen{node_id{m.getNode()}, {m.getHost(), m.getPort()}});
    return {};
  }

  error call(schema::LinkCall::Reader m, net::packed_message packed) {
    const auto number = m.getNumber();
    const auto service = services_->find(m.getService());
    if (service == services_->end()) {
      fail(number, make_error(node_errc::peer_refused, "no service is called " + std::string{m.getService()}));
      return {};
    }
    if (number != 0 && open_calls_ >= bounds::link_calls_max) {
      fail(number, make_error(node_errc::queue_full, "too many calls of this link are not answered yet"));
      return {};
    }
    answer_taker done;
    if (number != 0) {
      ++open_calls_;
      done = [this, number](expected<net::packed_message> answer) { reply(number, std::move(answer)); };
    }
    auto failed = deliver_call(*self_, service->second, std::move(packed), std::move(done));
    if (failed && number != 0) {
      --open_calls_;
      fail(number, failed);
    }
    return {};
  }

  void reply(std::uint64_t number, expected<net::packed_message> answer) {
    --open_calls_;
    if (!answer)
      return fail(number, answer.error());
    wire_builder<LinkFrame> b;
    b->setReply(number);
    stream_.send(std::move(b), std::move(*answer));
  }

  void fail(std::uint64_t number, const error& why) {
    if (number == 0)
      return;
    const auto parts = parts_of(why);
    wire_builder<LinkFrame> b;
    auto failure = b->initFailure();
    failure.setNumber(number);
    failure.setDomain(parts.domain);
    failure.setCode(parts.code);
    failure.setText(parts.text);
    stream_.send(std::move(b));
  }

  error watch(const std::string& name) {
    const auto service = services_->find(name);
    if (service == services_->end())
      tell_down(name, "no service is called so");
    else
      self_->monitor(service->second);
    return {};
  }

  void service_ended(const caf::down_msg& m) {
    for (const auto& [name, actor] : *services_)
      if (actor.address() == m.source)
        tell_down(name, render(m.reason));
  }

  void tell_down(const std::string& name, const std::string& reason) {
    wire_builder<LinkFrame> b;
    auto down = b->initDown();
    down.setService(name);
    down.setReason(reason);
    stream_.send(std::move(b));
  }

  void pong() {
    wire_builder<LinkFrame> b;
    b->setPong();
    stream_.send(std::move(b));
  }

  caf::event_based_actor* self_ = nullptr;
  node_context* context_ = nullptr;
  std::shared_ptr<const peer_services> services_;
  caf::actor peers_;
  std::string host_;
  link_stream stream_;
  monotonic_time began_;
  std::size_t open_calls_ = 0;
  bool met_ = false;
  bool ended_ = false;
};

caf::behavior peer_session(caf::stateful_actor<peer_session_state>* self, node_context* context,
                           const std::shared_ptr<connection>& stream, std::shared_ptr<const peer_services> services,
                           caf::actor peers) {
  adopt(self, *context, "peer " + stream->peer().host);
  auto* state = &self->state;
  state->start(self, *context, stream, std::move(services), std::move(peers));
  return {
    [state](const link_frames& m) { state->take(m); },
    [state](const link_drained&) { state->drained(); },
    [state](const link_closed&) { state->closed(); },
    [state](const peer_tick&) { state->tick(); },
    [state](const session_stop&) { state->stop(); },
  };
}

}  // namespace

caf::actor spawn_peer_session(node_context& context, std::shared_ptr<connection> stream,
                              std::shared_ptr<const peer_services> services, caf::actor peers) {
  return context.spawn(peer_session, &context, std::move(stream), std::move(services), std::move(peers));
}

}  // namespace troupe
