#include "actors/peers.hpp"

#include "runtime/base/bounds.hpp"
#include "runtime/node/context.hpp"
#include "runtime/node/errors.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <tuple>

namespace troupe {

namespace {

class peers_state {
 public:
  void start(caf::event_based_actor* self, node_context& context) {
    self_ = self;
    context_ = &context;
    self_->set_down_handler([this](caf::scheduled_actor*, caf::down_msg& m) { link_ended(m); });
  }

  void learn(const peer_addresses& m) {
    for (const auto& [peer, at] : m.known)
      addresses_[peer] = at;
  }

  void see(const peer_seen& m) {
    if (m.at.host.empty())
      return;
    addresses_[m.peer] = m.at;
    // It is there: no reason to wait with dialling it.
    for (auto& [key, link] : links_)
      if (key.peer == m.peer)
        link.pause = {};
  }

  caf::result<peer_handle> give(const peer_wanted& m) {
    const auto known = addresses_.find(m.peer);
    if (known == addresses_.end())
      return make_error(node_errc::peer_unreachable,
                        "node " + std::to_string(m.peer.value) + ": its address is not known");
    return pass_on({m.peer, "", m.lane}, {known->second, m.peer, m.lane}, m.service);
  }

  caf::result<peer_handle> give(const seed_wanted& m) {
    const auto name = m.at.host + ":" + std::to_string(m.at.port);
    return pass_on({node_id{-1}, name, schema::LinkLane::CONTROL}, {m.at, node_id{-1}, schema::LinkLane::CONTROL},
                   m.service);
  }

 private:
  struct link_key {
    node_id peer;
    std::string seed;  ///< its address, where the node is not known
    schema::LinkLane lane;
    auto operator<=>(const link_key&) const = default;
  };
  struct link_entry {
    caf::actor actor;
    monotonic_time made;
    std::chrono::milliseconds pause{0};  ///< from the last making to the next
  };

  caf::result<peer_handle> pass_on(const link_key& key, link_target to, const std::string& service) {
    auto& link = links_[key];
    const auto now = context_->time.monotonic_now();
    if (!link.actor) {
      if (link.pause.count() > 0 && now < link.made + link.pause)
        return make_error(node_errc::peer_unreachable, to.at.host + ":" + std::to_string(to.at.port)
                                                         + ": could not be reached a moment ago");
      link.actor = spawn_link(*context_, std::move(to));
      link.made = now;
      by_address_.emplace(link.actor.address(), key);
      self_->monitor(link.actor);
    }
    auto promise = self_->make_response_promise<peer_handle>();
    self_->request(link.actor, caf::infinite, link_service{service})
      .then([promise](const peer_handle& m) mutable { promise.deliver(m); },
            [promise](const caf::error& why) mutable { promise.deliver(why); });
    return promise;
  }

  /// A link that held for a while is made again at once, one that could not be made after longer and longer pauses.
  void link_ended(const caf::down_msg& m) {
    const auto ended = by_address_.extract(m.source);
    if (!ended)
      return;
    auto& link = links_[ended.mapped()];
    const bool held = context_->time.monotonic_now() - link.made > bounds::link_silence_max;
    link.actor = nullptr;
    link.pause = held ? std::chrono::milliseconds{0}
                      : std::clamp<std::chrono::milliseconds>(link.pause * 2, bounds::link_pause_min,
                                                              bounds::link_pause_max);
    const auto& key = ended.mapped();
    context_->log.write(is_error(m.reason, error_domain::node, static_cast<std::uint8_t>(node_errc::peer_refused))
                          ? log_level::warning : log_level::debug,
                        "peers", render(m.reason));
    if (key.peer.value < 0 && link.pause.count() == 0)
      links_.erase(key);
  }

  caf::event_based_actor* self_ = nullptr;
  node_context* context_ = nullptr;
  std::map<node_id, endpoint> addresses_;
  std::map<link_key, link_entry> links_;
  std::map<caf::actor_addr, link_key> by_address_;
};

caf::behavior peers(caf::stateful_actor<peers_state>* self, node_context* context) {
  adopt(self, *context, "peers");
  auto* state = &self->state;
  state->start(self, *context);
  return {
    [state](const peer_wanted& m) { return state->give(m); },
    [state](const seed_wanted& m) { return state->give(m); },
    [state](const peer_addresses& m) { state->learn(m); },
    [state](const peer_seen& m) { state->see(m); },
  };
}

}  // namespace

caf::actor spawn_peers(node_context& context) {
  return context.spawn(peers, &context);
}

}  // namespace troupe
