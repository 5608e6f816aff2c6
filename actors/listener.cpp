#include "actors/listener.hpp"

#include "runtime/base/bounds.hpp"
#include "runtime/net/tls_connection.hpp"
#include "runtime/node/context.hpp"

#include <caf/all.hpp>

#include <map>
#include <unordered_map>

namespace troupe {

struct accepted {
  std::shared_ptr<connection> incoming;
};
struct accept_exhausted {
  error why;
};
struct accept_retry {};

}  // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::accepted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::accept_exhausted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::accept_retry)

namespace troupe {

namespace {

/// Brings what the I/O thread accepts to the listener.
class to_listener final : public acceptor {
 public:
  explicit to_listener(caf::actor listener) : listener_(std::move(listener)) {}
  void accepted(std::shared_ptr<connection> incoming) override {
    caf::anon_send(listener_, troupe::accepted{std::move(incoming)});
  }
  void exhausted(const error& why) override { caf::anon_send(listener_, accept_exhausted{why}); }

 private:
  caf::actor listener_;
};

class listener_state {
 public:
  void start(caf::event_based_actor* self, node_context& context, config::listener address,
             std::shared_ptr<const net::tls_context> tls, session_maker make) {
    self_ = self;
    context_ = &context;
    address_ = std::move(address);
    tls_ = std::move(tls);
    make_ = std::move(make);
    self_->set_down_handler([this](caf::scheduled_actor*, caf::down_msg& m) { session_ended(m); });
  }

  caf::result<listener_bound> bind() {
    auto to = std::make_shared<to_listener>(caf::actor_cast<caf::actor>(self_));
    auto bound = context_->network.listen({address_.host, address_.port}, std::move(to));
    if (!bound)
      return bound.error();
    socket_ = std::move(*bound);
    return listener_bound{address_.name, socket_->local()};
  }

  void open() {
    open_ = true;
    for (auto& early : std::exchange(early_, {}))
      take(early);
  }

  void take(const accepted& m) {
    if (!open_ && early_.size() < bounds::early_connections_max)
      return early_.push_back(m);
    const auto host = m.incoming->peer().host;
    if (auto refused = refusal(host); !refused.empty()) {
      if (!refusing_) {
        refusing_ = true;
        say(log_level::warning, "connection from " + host + " closed: " + refused);
      }
      return m.incoming->close();
    }
    refusing_ = false;
    auto session = make_(tls_ ? net::secure_server(m.incoming, tls_) : m.incoming);
    self_->monitor(session);
    sessions_.emplace(session.address(), host);
    ++per_host_[host];
    ++context_->connections;
  }

  void pause(const accept_exhausted& m) {
    say(log_level::error, render(m.why) + "; raise the limit of open files (ulimit -n)");
    self_->delayed_send(self_, bounds::accept_pause, accept_retry{});
  }

  void retry() {
    if (socket_)
      socket_->resume();
  }

  void stop() {
    socket_.reset();
    for (const auto& [session, host] : sessions_)
      self_->send(caf::actor_cast<caf::actor>(session), session_stop{});
  }

 private:
  std::string refusal(const std::string& host) const {
    if (!socket_)
      return "the node is stopping";
    if (!open_)
      return "the node is still starting";
    const auto total = context_->settings.integer("max.connections");
    if (context_->connections >= total)
      return "max.connections=" + std::to_string(total) + " reached";
    const auto here = per_host_.find(host);
    const auto allowed = context_->settings.max_connections_of(host);
    if (here != per_host_.end() && here->second >= allowed)
      return "max.connections.per.ip=" + std::to_string(allowed) + " reached";
    return {};
  }

  void session_ended(const caf::down_msg& m) {
    const auto ended = sessions_.find(m.source);
    if (ended == sessions_.end())
      return;
    if (auto here = per_host_.find(ended->second); --here->second == 0)
      per_host_.erase(here);
    sessions_.erase(ended);
    --context_->connections;
  }

  void say(log_level level, std::string_view line) {
    context_->log.write(level, "listener " + config::to_string(address_), line);
  }

  caf::event_based_actor* self_ = nullptr;
  node_context* context_ = nullptr;
  config::listener address_;
  std::shared_ptr<const net::tls_context> tls_;
  session_maker make_;
  std::unique_ptr<listening_socket> socket_;
  std::unordered_map<caf::actor_addr, std::string> sessions_;  ///< with the host of their client
  std::map<std::string, std::int64_t> per_host_;
  std::vector<accepted> early_;  ///< before the node was ready
  bool open_ = false;
  bool refusing_ = false;  ///< said once until a connection is taken again
};

caf::behavior listener(caf::stateful_actor<listener_state>* self, node_context* context, config::listener address,
                       std::shared_ptr<const net::tls_context> tls, session_maker make) {
  adopt(self, *context, "listener " + config::to_string(address));
  auto* state = &self->state;
  state->start(self, *context, std::move(address), std::move(tls), std::move(make));
  return {
    [state](const listener_bind&) { return state->bind(); },
    [state](const listener_open&) { state->open(); },
    [state](const accepted& m) { state->take(m); },
    [state](const accept_exhausted& m) { state->pause(m); },
    [state](const accept_retry&) { state->retry(); },
    [state](const session_stop&) { state->stop(); },
  };
}

}  // namespace

caf::actor spawn_listener(node_context& context, config::listener address,
                          std::shared_ptr<const net::tls_context> tls, session_maker make) {
  return context.spawn(listener, &context, std::move(address), std::move(tls), std::move(make));
}

}  // namespace troupe
