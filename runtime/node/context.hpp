#pragma once

#include "runtime/authority/clock.hpp"
#include "runtime/authority/disk.hpp"
#include "runtime/authority/log_sink.hpp"
#include "runtime/authority/random.hpp"
#include "runtime/authority/transport.hpp"
#include "runtime/config/broker_config.hpp"
#include "runtime/group/assignor.hpp"
#include "runtime/net/tls_context.hpp"
#include "runtime/node/cluster_view.hpp"
#include "runtime/node/lost_peers.hpp"
#include "runtime/node/request_budget.hpp"

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/fwd.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace troupe {

/// The system as a node may use it; `posix` and `sim` make the two kinds. Borrowed: they outlive the node.
struct authorities {
  disk& storage;
  clock& time;
  random_source& random;
  transport& network;
  log_sink& log;
  /// May actors that block have threads of their own? False in a simulated world, where nothing really blocks.
  bool threads = true;
};

/// What every actor of a node is given at birth: the authorities, the configuration and what the node publishes. One a
/// node; outlives all of its actors. Members are immutable or safe for any thread.
class node_context {
 public:
  node_context(caf::actor_system& system, authorities given, config::broker_config settings);

  caf::actor_system& system;
  disk& storage;
  clock& time;
  random_source& random;
  transport& network;
  log_sink& log;
  const config::broker_config settings;
  const node_id self;
  const topic_id incarnation;  ///< drawn at each start: tells this process from earlier ones of the same node

  /// Id of the cluster; set once, before anybody is served.
  const std::string& cluster_id() const { return cluster_id_; }
  void set_cluster_id(std::string id) { cluster_id_ = std::move(id); }

  /// Where other nodes reach this one, as it tells them; set once, before there is a link. An empty host: nowhere.
  const endpoint& peer_address() const { return peer_address_; }
  void set_peer_address(endpoint at) { peer_address_ = std::move(at); }

  /// Name of the listener for other nodes, the same on all nodes.
  std::string peer_listener_name() const {
    const auto& l = settings.peer_listener();
    return l ? l->name : std::string{};
  }

  /// Where this node listens, clients and other nodes, as others shall reach it; set once, before it registers.
  const std::vector<config::listener>& endpoints() const { return endpoints_; }
  void set_endpoints(std::vector<config::listener> all) { endpoints_ = std::move(all); }

  /// What links to other nodes are secured with; null where they are not. Set once, before there is a link.
  const std::shared_ptr<const net::tls_context>& peer_tls() const { return peer_tls_; }
  void set_peer_tls(std::shared_ptr<const net::tls_context> by) { peer_tls_ = std::move(by); }

  /// Assignors of consumer groups that this program has beside the built-in ones, for `group.consumer.assignors` to
  /// name. Set before the node starts.
  const group::assignor_list& own_assignors() const { return own_assignors_; }
  void set_own_assignors(group::assignor_list own) { own_assignors_ = std::move(own); }

  published_view view;
  lost_peers lost;                                ///< nodes that were there a moment ago
  request_budget requests;                        ///< bytes of requests taken in but not answered, all connections
  std::atomic<std::int64_t> broker_epoch{-1};     ///< of this process's registration; -1: none yet
  std::atomic<std::int32_t> controller{-1};       ///< node of the active controller as far as known; -1: none
  std::atomic<bool> leaving{false};               ///< the node stops: what it leads goes to others
  std::atomic<std::int64_t> fetch_sessions{0};    ///< open incremental fetch sessions
  std::atomic<std::int64_t> connections{0};       ///< open client connections
  std::atomic<std::uint64_t> unexpected_mail{0};  ///< messages no behaviour knew: a defect, tests demand 0

  /// Spawns an actor that never blocks.
  template <class... Ts>
  caf::actor spawn(Ts&&... xs) {
    return system.spawn(std::forward<Ts>(xs)...);
  }

  /// Spawns an actor whose handlers wait for the disk: on a thread of its own where the world has threads. The only
  /// place where that is done.
  template <class... Ts>
  caf::actor spawn_blocking(Ts&&... xs) {
    return threads_ ? system.spawn<caf::detached>(std::forward<Ts>(xs)...) : system.spawn(std::forward<Ts>(xs)...);
  }

 private:
  bool threads_;
  std::string cluster_id_;
  endpoint peer_address_;
  std::shared_ptr<const net::tls_context> peer_tls_;
  std::vector<config::listener> endpoints_;
  group::assignor_list own_assignors_;
};

/// Sets the handlers that every actor of ours has: unexpected mail is counted and logged, an unhandled error or an
/// exception ends the actor with a reason that its supervisor sees. Call first in every behaviour. `name` is for log
/// lines.
void adopt(caf::event_based_actor* self, node_context& context, std::string name);

}  // namespace troupe
