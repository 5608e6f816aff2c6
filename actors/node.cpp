#include "actors/node.hpp"

#include "actors/cleaner.hpp"
#include "actors/controller.hpp"
#include "actors/coordination.hpp"
#include "actors/feeder.hpp"
#include "actors/group_coordinator.hpp"
#include "actors/isr_keeper.hpp"
#include "actors/registration.hpp"
#include "actors/replicas.hpp"
#include "actors/transaction_coordinator.hpp"
#include "runtime/base/bounds.hpp"
#include "runtime/group/assignors.hpp"
#include "runtime/group/placement.hpp"
#include "runtime/node/context.hpp"
#include "runtime/node/errors.hpp"
#include "runtime/node/listener_tls.hpp"
#include "runtime/transaction/state.hpp"

#include <caf/all.hpp>

#include <map>

namespace troupe {

/// No node of the cluster to join could be reached: try the next one.
struct seek_tick {};

}  // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::seek_tick)

namespace troupe {

namespace {

class node_state {
 public:
  void start(caf::event_based_actor* self, node_context& context) {
    self_ = self;
    context_ = &context;
    self_->set_down_handler([this](caf::scheduled_actor*, caf::down_msg& m) { part_ended(m); });
  }

  /// The doors are taken first, since others must be told where they are, and opened last. In between: the cluster that
  /// this node belongs to, its directories, the metadata with the partitions that they bring, its registration.
  caf::result<node_ready> open() {
    ready_ = self_->make_response_promise<node_ready>();
    if (auto failed = make_doors_safe()) {
      ready_.deliver(failed);
      return ready_;
    }
    auto assignors = group::assignors_of(context_->settings.text("group.consumer.assignors").value_or(""),
                                         context_->own_assignors());
    if (!assignors) {
      ready_.deliver(assignors.error());
      return ready_;
    }
    assignors_ = std::move(*assignors);
    peers_ = keep(spawn_peers(*context_));
    controller_ = keep(spawn_controller(*context_, peers_));
    feeder_ = keep(spawn_feeder(*context_));
    coordination_ = keep(spawn_coordination(*context_, peers_));
    for (const auto& address : context_->settings.listeners())
      clients_.push_back(keep(
        spawn_listener(*context_, address, tls_.at(address.name), [this, name = address.name](auto stream) {
          return spawn_session(*context_, std::move(stream), name, {controller_, replicas_, coordination_});
        })));
    if (const auto& address = context_->settings.peer_listener()) {
      auto services = std::make_shared<const peer_services>(
        peer_services{{"controller", controller_}, {"feeder", feeder_}, {"coordination", coordination_}});
      nodes_ = keep(spawn_listener(*context_, *address, context_->peer_tls(), [this, services](auto stream) {
        return spawn_peer_session(*context_, std::move(stream), services, peers_);
      }));
    }
    bind_doors();
    return ready_;
  }

  /// Asks the next of the nodes that were named for the cluster to join.
  void seek() {
    const auto seeds = context_->settings.bootstrap();
    const auto& at = seeds[next_seed_++ % seeds.size()];
    self_->request(peers_, caf::infinite, seed_wanted{{at.host, at.port}, "controller"})
      .then([this](const peer_handle& m) {
              if (m.cluster_id.empty())
                return seek_later();
              join(m.cluster_id);
            },
            [this](const caf::error& why) {
              if (!std::exchange(said_, true))
                say(log_level::info, "waits for a node of the cluster to join: " + render(why));
              seek_later();
            });
  }

  caf::result<node_stopped> stop() {
    stopping_ = context_->leaving = true;
    stopped_ = self_->make_response_promise<node_stopped>();
    if (!registration_)
      return end_parts(), stopped_;
    self_->request(registration_, caf::infinite, registration_close{})
      .then([this](const registration_closed&) { close_doors(); }, [this](const caf::error&) { close_doors(); });
    return stopped_;
  }

 private:
  caf::actor keep(caf::actor part) {
    self_->monitor(part);
    parts_.push_back(part);
    return part;
  }

  auto failed() {
    return [this](const caf::error& why) { ready_.deliver(why); };
  }

  // -- start, in this order ---------------------------------------------------------------------------------------

  /// Reads keys and certificates, where listeners have them.
  error make_doors_safe() {
    for (const auto& address : context_->settings.listeners()) {
      auto tls = tls_of(context_->storage, context_->settings, address, false);
      if (!tls)
        return tls.error();
      tls_.emplace(address.name, std::move(*tls));
    }
    if (const auto& address = context_->settings.peer_listener()) {
      auto tls = tls_of(context_->storage, context_->settings, *address, true);
      if (!tls)
        return tls.error();
      context_->set_peer_tls(std::move(*tls));
    }
    return {};
  }

  void bind_doors() {
    left_ = clients_.size() + (nodes_ ? 1 : 0);
    const auto bind = [this](const caf::actor& door, bool for_nodes) {
      self_->request(door, caf::infinite, listener_bind{})
        .then([this, for_nodes](const listener_bound& m) { bound(m, for_nodes); }, failed());
    };
    if (nodes_)
      bind(nodes_, true);
    for (const auto& door : clients_)
      bind(door, false);
  }

  void bound(const listener_bound& m, bool for_nodes) {
    (for_nodes ? node_doors_ : client_doors_).push_back(m);
    if (--left_ > 0)
      return;
    publish_addresses();
    find_cluster();
  }

  /// What others are told: the advertised address, or what was bound.
  void publish_addresses() {
    std::vector<config::listener> all;
    const auto& settings = context_->settings;
    if (const auto& told = settings.advertised_peer_listener()) {
      auto at = *told;
      if (at.port == 0)
        at.port = node_doors_.front().at.port;
      if (at.host.empty())
        at.host = node_doors_.front().at.host;
      context_->set_peer_address({at.host, at.port});
      all.push_back(at);
    }
    for (const auto& door : client_doors_) {
      config::listener at{door.name, door.at.host, door.at.port, tls_.at(door.name) ? "SSL" : "PLAINTEXT"};
      for (const auto& told : settings.advertised_listeners())
        if (told.name == door.name)
          at = told;
      all.push_back(at);
    }
    context_->set_endpoints(std::move(all));
  }

  void find_cluster() {
    auto known = cluster_of_directory(context_->storage, context_->settings.log_dirs().front());
    if (!known)
      return void(ready_.deliver(known.error()));
    if (known->empty() && !context_->settings.bootstrap().empty())
      return seek();
    join(*known);
  }

  void seek_later() { self_->delayed_send(self_, bounds::seek_pause, seek_tick{}); }

  /// The cluster is known, or this node begins one of its own.
  void join(std::string cluster_id) {
    std::vector<log_directory> directories;
    for (const auto& path : context_->settings.log_dirs()) {
      auto opened = open_log_directory(context_->storage, context_->random, path, context_->self, cluster_id);
      if (!opened)
        return void(ready_.deliver(opened.error()));
      cluster_id = opened->cluster_id;
      directories.push_back(std::move(*opened));
    }
    if (auto failed = settle_moved_folders(context_->storage, directories))
      return void(ready_.deliver(failed));
    for (const auto& d : directories) {
      for (const auto& note : d.notes)
        say(log_level::warning, note);
      say(log_level::info, d.path + ": " + std::to_string(d.partitions.size()) + " partitions, "
                             + (d.clean ? "stopped cleanly" : "not stopped cleanly or new"));
    }
    context_->set_cluster_id(cluster_id);
    open_metadata(std::move(directories));
  }

  void open_metadata(std::vector<log_directory> directories) {
    const auto directory = directories.front().id;
    registration_open facts{directory, directories.front().clean_epoch};
    for (const auto& d : directories)
      if (!d.clean)
        facts.clean_epoch = -1;
    auto keeper = keep(spawn_isr_keeper(*context_, controller_));
    replicas_ = keep(spawn_replicas(*context_, std::move(directories), peers_, std::move(keeper), coordination_,
                                    journaled_actors()));
    quorum::setup how{context_->settings.log_dirs().front() + "/" + metadata_folder, raft::directory_id{directory}, {}};
    for (const auto& seed : context_->settings.bootstrap())
      how.seeds.push_back({seed.host, seed.port});
    self_->request(controller_, caf::infinite, controller_open{std::move(how), replicas_})
      .then([this, facts](const controller_opened&) {
              // Links of other nodes are of use from now on; a quorum may be waiting for this one.
              if (nodes_)
                self_->send(nodes_, listener_open{});
              registration_ = keep(spawn_registration(*context_, controller_));
              self_->request(registration_, caf::infinite, facts)
                .then([this](const registration_opened&) { await_view(); }, failed());
            }, failed());
  }

  /// Who lives beside the partitions of which topic.
  attachments journaled_actors() const {
    return {{std::string{group::offsets_topic},
             [coordination = coordination_, assignors = assignors_](node_context& context, const attachment& at) {
               return spawn_group_coordinator(context, coordination, assignors, at);
             }},
            {std::string{transaction::state_topic},
             [coordination = coordination_, controller = controller_](node_context& context, const attachment& at) {
               return spawn_transaction_coordinator(context, coordination, controller, at);
             }}};
  }

  /// Sessions work with the published view: it must tell of this node before the first client comes.
  void await_view() {
    self_->request(replicas_, caf::infinite, await_applied{context_->broker_epoch})
      .then([this](const applied&) { open_doors(); }, failed());
  }

  void open_doors() {
    keep(spawn_cleaner(*context_));
    for (const auto& door : clients_)
      self_->send(door, listener_open{});
    ready_.deliver(node_ready{client_doors_});
  }

  // -- stop -------------------------------------------------------------------------------------------------------

  void close_doors() {
    for (const auto& door : clients_)
      self_->send(door, session_stop{});
    self_->request(replicas_, caf::infinite, replicas_close{})
      .then([this](const replicas_closed&) {
              self_->request(controller_, caf::infinite, controller_close{})
                .then([this](const controller_closed&) { end_parts(); }, not_stopped());
            }, not_stopped());
  }

  std::function<void(const caf::error&)> not_stopped() {
    return [this](const caf::error& why) { stopped_.deliver(why); };
  }

  void end_parts() {
    if (nodes_)
      self_->send(nodes_, session_stop{});
    for (const auto& part : parts_)
      self_->send_exit(part, caf::exit_reason::user_shutdown);
    stopped_.deliver(node_stopped{});
    self_->quit();
  }

  // -- supervision ------------------------------------------------------------------------------------------------

  /// Partitions and sessions are restarted by their own supervisors; without one of its parts a node cannot keep its
  /// promises.
  void part_ended(const caf::down_msg& m) {
    if (stopping_)
      return;
    say(log_level::error, "a part of the node has failed, the node ends: " + render(m.reason));
    self_->quit(m.reason);
  }

  void say(log_level level, std::string_view line) { context_->log.write(level, "node", line); }

  caf::event_based_actor* self_ = nullptr;
  node_context* context_ = nullptr;
  std::vector<caf::actor> parts_;
  caf::actor peers_;
  caf::actor controller_;
  caf::actor feeder_;
  caf::actor coordination_;
  group::assignor_list assignors_;
  caf::actor replicas_;
  caf::actor registration_;
  std::map<std::string, std::shared_ptr<const net::tls_context>> tls_;  ///< of the listeners for clients, by name
  std::vector<caf::actor> clients_;  ///< listeners for clients
  caf::actor nodes_;                 ///< the listener for other nodes; none when this one stays alone
  std::vector<listener_bound> client_doors_;
  std::vector<listener_bound> node_doors_;
  std::size_t left_ = 0;
  std::size_t next_seed_ = 0;
  caf::typed_response_promise<node_ready> ready_;
  caf::typed_response_promise<node_stopped> stopped_;
  bool said_ = false;
  bool stopping_ = false;
};

caf::behavior node(caf::stateful_actor<node_state>* self, node_context* context) {
  adopt(self, *context, "node");
  auto* state = &self->state;
  state->start(self, *context);
  return {
    [state](const node_start&) { return state->open(); },
    [state](const seek_tick&) { state->seek(); },
    [state](const node_stop&) { return state->stop(); },
  };
}

}  // namespace

caf::actor spawn_node(node_context& context) {
  return context.spawn(node, &context);
}

}  // namespace troupe
