#include "actors/link.hpp"

#include "actors/link_codec.hpp"
#include "actors/link_stream.hpp"
#include "runtime/base/bounds.hpp"
#include "runtime/base/mutation.hpp"
#include "runtime/base/sites.hpp"
#include "runtime/metadata/records.hpp"
#include "runtime/net/tls_connection.hpp"
#include "runtime/node/context.hpp"
#include "runtime/node/errors.hpp"

#include <caf/all.hpp>
#include <caf/forwarding_actor_proxy.hpp>

#include <algorithm>
#include <map>
#include <unordered_map>

namespace troupe {

/// Time to look whether the other side still speaks.
struct link_tick {};

}  // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::link_tick)

namespace troupe {

namespace {

using schema::LinkFrame;

/// Brings the outcome of dialling to the link.
class to_link final : public dialler {
 public:
  explicit to_link(caf::actor link) : link_(std::move(link)) {}
  void connected(std::shared_ptr<connection> outgoing) override {
    caf::anon_send(std::exchange(link_, nullptr), link_dialled{std::move(outgoing)});
  }
  void failed(const error& why) override { caf::anon_send(std::exchange(link_, nullptr), link_undialled{why}); }

 private:
  caf::actor link_;
};

std::string name_of(const link_target& to) {
  return (to.peer.value < 0 ? "node" : "node " + std::to_string(to.peer.value)) + " at " + to.at.host + ":"
         + std::to_string(to.at.port);
}

class link_state {
 public:
  void start(caf::event_based_actor* self, node_context& context, link_target to) {
    self_ = self;
    context_ = &context;
    to_ = std::move(to);
    began_ = context.time.monotonic_now();
    context.network.dial(to_.at, std::make_shared<to_link>(caf::actor_cast<caf::actor>(self)));
    self_->delayed_send(self_, bounds::link_hello_max, link_tick{});
  }

  // -- messages ---------------------------------------------------------------------------------------------------

  void dialled(const link_dialled& m) {
    const auto& tls = context_->peer_tls();
    stream_.open(*context_, tls ? net::secure_client(m.stream, tls, to_.at.host) : m.stream,
                 caf::actor_cast<caf::actor>(self_));
    stream_.send_hello(to_.lane);
  }

  void end(const error& why) {
    if (ended_)
      return;
    ended_ = make_error(node_errc::peer_unreachable, name_of(to_) + ": " + render(why));
    stream_.close();
    for (auto& [number, call] : calls_)
      answer(call, caf::make_message(ended_));
    calls_.clear();
    for (auto& waiting : waiting_)
      waiting.second.deliver(ended_);
    for (auto& [name, proxy] : proxies_)
      static_cast<caf::forwarding_actor_proxy*>(proxy->get())->kill_proxy(self_->context(), ended_);
    proxies_.clear();
    self_->quit(ended_);
  }

  caf::result<peer_handle> service(const link_service& m) {
    if (ended_)
      return ended_;
    if (peer_)
      return handle_of(m.name);
    auto promise = self_->make_response_promise<peer_handle>();
    waiting_.emplace_back(m.name, promise);
    return promise;
  }

  void take(const link_frames& m) {
    auto failed = stream_.take(m, [this](net::link_frame& frame) { return handle(frame); });
    if (failed)
      end(failed);
  }

  void drained() { stream_.drained(); }

  void tick() {
    if (ended_)
      return;
    if (peer_ && buggify("link breaks"))
      return end(make_error(node_errc::peer_unreachable, "the simulated world wants it to break"));
    if (!peer_ && context_->time.monotonic_now() - began_ >= bounds::link_hello_max)
      return end(make_error(node_errc::peer_unreachable, "no hello came in time"));
    if (stream_.is_open() && stream_.is_silent())
      return end(make_error(node_errc::peer_unreachable, "it has fallen silent"));
    if (peer_) {
      wire_builder<LinkFrame> b;
      b->setPing();
      stream_.send(std::move(b));
    }
    self_->delayed_send(self_, bounds::link_ping_interval, link_tick{});
  }

  /// A message to one of the handles.
  void forward(caf::strong_actor_ptr sender, const caf::strong_actor_ptr& receiver, caf::message_id id,
               const caf::message& m) {
    const auto name = names_.find(receiver->id());
    if (name == names_.end() || m.match_elements<caf::exit_msg>() || m.match_elements<caf::down_msg>())
      return;
    pending_call call{std::move(sender), id};
    if (ended_)
      return answer(call, caf::make_message(ended_));
    auto packed = pack(m);
    if (!packed) {
      context_->log.write(log_level::error, "link", render(packed.error()));
      return answer(call, caf::make_message(packed.error()));
    }
    if (calls_.size() >= bounds::link_calls_max || !send_call(name->second, id.is_request(), std::move(*packed)))
      return answer(call, caf::make_message(make_error(
                            node_errc::queue_full, name_of(to_) + ": too much waits to be sent there")));
    if (id.is_request())
      calls_.emplace(last_call_, std::move(call));
  }

 private:
  struct pending_call {
    caf::strong_actor_ptr sender;
    caf::message_id id;
  };

  bool send_call(const std::string& service, bool answered, net::packed_message m) {
    wire_builder<LinkFrame> b;
    auto call = b->initCall();
    call.setService(service);
    call.setNumber(answered ? ++last_call_ : 0);
    return stream_.send(std::move(b), std::move(m));
  }

  void answer(const pending_call& call, caf::message with) {
    if (call.sender && call.id.is_request())
      call.sender->enqueue(nullptr, call.id.response_id(), std::move(with), self_->context());
  }

  // -- frames -----------------------------------------------------------------------------------------------------

  error handle(net::link_frame& frame) {
    switch (frame.head->which()) {
      case LinkFrame::HELLO: return meet(frame.head->getHello());
      case LinkFrame::REFUSED:
        return make_error(node_errc::peer_refused, "it refuses the link: " + std::string{frame.head->getRefused()});
      case LinkFrame::REPLY: return take_reply(frame.head->getReply(), std::move(frame.message));
      case LinkFrame::FAILURE: return take_failure(frame.head->getFailure());
      case LinkFrame::DOWN: return take_down(frame.head->getDown());
      default: return {};  // a pong, or something of a newer version that asks for no answer
    }
  }

  error meet(schema::LinkHello::Reader m) {
    if (to_.peer.value >= 0 && m.getNode() != to_.peer.value)
      return make_error(node_errc::peer_refused, "node " + std::to_string(m.getNode()) + " answers there");
    const std::string cluster = m.getClusterId();
    if (!cluster.empty() && !context_->cluster_id().empty() && cluster != context_->cluster_id())
      return make_error(node_errc::peer_refused, "it belongs to cluster " + cluster + ", this node to "
                                                   + context_->cluster_id() + "; check the addresses of the nodes");
    peer_ = node_id{m.getNode()};
    incarnation_ = metadata::read_id(m.getIncarnation());
    cluster_ = cluster;
    stream_.met(*peer_, incarnation_);
    for (auto& [name, promise] : std::exchange(waiting_, {}))
      promise.deliver(handle_of(name));
    return {};
  }

  error take_reply(std::uint64_t number, net::packed_message packed) {
    if (mutation("M36"))
      for (const auto& [other, unused] : calls_)
        number = std::min(number, other);
    auto call = calls_.extract(number);
    if (!call)
      return {};  // nobody waits any more
    auto m = unpack(std::move(packed));
    answer(call.mapped(), m ? std::move(*m) : caf::make_message(m.error()));
    return {};
  }

  error take_failure(schema::LinkFailure::Reader m) {
    if (auto call = calls_.extract(m.getNumber()))
      answer(call.mapped(), caf::make_message(error_of({m.getDomain(), m.getCode(), m.getText()})));
    return {};
  }

  error take_down(schema::LinkDown::Reader m) {
    auto ended = proxies_.extract(m.getService());
    if (!ended)
      return {};
    names_.erase(ended.mapped()->id());
    static_cast<caf::forwarding_actor_proxy*>(ended.mapped()->get())
      ->kill_proxy(self_->context(), make_error(node_errc::actor_failed, m.getReason()));
    return {};
  }

  // -- handles ----------------------------------------------------------------------------------------------------

  peer_handle handle_of(const std::string& name) {
    auto& proxy = proxies_[name];
    if (!proxy) {
      caf::actor_config config;
      auto& system = self_->home_system();
      caf::node_id::default_data::host_id_type host{};  // nothing is reached by it; it only has to differ from our own
      proxy = caf::make_actor<caf::forwarding_actor_proxy, caf::strong_actor_ptr>(
        system.next_actor_id(), caf::make_node_id(static_cast<std::uint32_t>(peer_->value), host), &system, config,
        caf::actor_cast<caf::actor>(self_));
      names_.emplace(proxy->id(), name);
      wire_builder<LinkFrame> b;
      b->setWatch(name);
      stream_.send(std::move(b));
    }
    return {caf::actor_cast<caf::actor>(proxy), *peer_, incarnation_, cluster_};
  }

  caf::event_based_actor* self_ = nullptr;
  node_context* context_ = nullptr;
  link_target to_;
  link_stream stream_;
  monotonic_time began_;
  error ended_;
  std::optional<node_id> peer_;  ///< known from its hello on
  topic_id incarnation_;
  std::string cluster_;
  std::vector<std::pair<std::string, caf::typed_response_promise<peer_handle>>> waiting_;
  std::map<std::string, caf::strong_actor_ptr> proxies_;
  std::unordered_map<caf::actor_id, std::string> names_;
  std::unordered_map<std::uint64_t, pending_call> calls_;
  std::uint64_t last_call_ = 0;
};

caf::behavior link(caf::stateful_actor<link_state>* self, node_context* context, link_target to) {
  adopt(self, *context, "link to " + name_of(to));
  auto* state = &self->state;
  state->start(self, *context, std::move(to));
  return {
    [state](const link_service& m) { return state->service(m); },
    [state](const link_dialled& m) { state->dialled(m); },
    [state](const link_undialled& m) { state->end(m.why); },
    [state](const link_frames& m) { state->take(m); },
    [state](const link_drained&) { state->drained(); },
    [state](const link_closed& m) { state->end(m.why); },
    [state](const link_tick&) { state->tick(); },
    // What CAF's proxies send whoever manages them.
    [state](caf::forward_atom, caf::strong_actor_ptr& sender, const std::vector<caf::strong_actor_ptr>&,
            const caf::strong_actor_ptr& receiver, caf::message_id id, const caf::message& m) {
      state->forward(std::move(sender), receiver, id, m);
    },
    [](caf::monitor_atom, const caf::strong_actor_ptr&) {},
  };
}

}  // namespace

caf::actor spawn_link(node_context& context, link_target to) {
  return context.spawn(link, &context, std::move(to));
}

}  // namespace troupe
