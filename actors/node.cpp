#include "actors/node.hpp"

#include "actors/cleaner.hpp"
#include "actors/controller.hpp"
#include "actors/replicas.hpp"
#include "runtime/node/context.hpp"
#include "runtime/node/errors.hpp"

#include <caf/all.hpp>

namespace troupe {

namespace {

class node_state {
 public:
  void start(caf::event_based_actor* self, node_context& context) {
    self_ = self;
    context_ = &context;
    self_->set_down_handler([this](caf::scheduled_actor*, caf::down_msg& m) { part_ended(m); });
  }

  /// Directories, then replicas, then metadata (which bring the partitions), and the doors last.
  caf::result<node_ready> open() {
    std::vector<log_directory> directories;
    std::string cluster_id;
    bool clean = true;
    for (const auto& path : context_->settings.log_dirs()) {
      auto opened = open_log_directory(context_->storage, context_->random, path, context_->self, cluster_id);
      if (!opened)
        return opened.error();
      cluster_id = opened->cluster_id;
      for (const auto& note : opened->notes)
        say(log_level::warning, note);
      say(log_level::info, path + ": " + std::to_string(opened->partitions.size()) + " partitions, "
                             + (opened->clean ? "stopped cleanly" : "not stopped cleanly or new"));
      clean &= opened->clean;
      directories.push_back(std::move(*opened));
    }
    context_->set_cluster_id(cluster_id);
    ready_ = self_->make_response_promise<node_ready>();
    replicas_ = keep(spawn_replicas(*context_, std::move(directories)));
    controller_ = keep(spawn_controller(*context_, replicas_));
    self_->request(controller_, caf::infinite, controller_open{clean})
      .then([this](const controller_opened&) { await_view(); }, [this](const caf::error& why) { ready_.deliver(why); });
    return ready_;
  }

  caf::result<node_stopped> stop() {
    stopping_ = true;
    auto promise = self_->make_response_promise<node_stopped>();
    for (const auto& door : listeners_)
      self_->send(door, session_stop{});
    auto failed = [promise](const caf::error& why) mutable { promise.deliver(why); };
    self_->request(replicas_, caf::infinite, replicas_close{})
      .then([this, promise, failed](const replicas_closed&) {
        self_->request(controller_, caf::infinite, controller_close{})
          .then([this, promise](const controller_closed&) mutable {
            for (const auto& part : parts_)
              self_->send_exit(part, caf::exit_reason::user_shutdown);
            promise.deliver(node_stopped{});
            self_->quit();
          }, failed);
      }, failed);
    return promise;
  }

 private:
  caf::actor keep(caf::actor part) {
    self_->monitor(part);
    parts_.push_back(part);
    return part;
  }

  /// Sessions work with the published view: there has to be one before the first client comes.
  void await_view() {
    self_->request(replicas_, caf::infinite, await_applied{})
      .then([this](const applied&) { open_doors(); }, [this](const caf::error& why) { ready_.deliver(why); });
  }

  void open_doors() {
    cleaner_ = keep(spawn_cleaner(*context_));
    left_ = context_->settings.listeners().size();
    for (const auto& address : context_->settings.listeners()) {
      auto door = keep(spawn_listener(*context_, address, {controller_, replicas_}));
      listeners_.push_back(door);
      self_->request(door, caf::infinite, listener_open{})
        .then([this](const listener_bound& m) {
          bound_.push_back(m);
          if (--left_ == 0)
            ready_.deliver(node_ready{bound_});
        }, [this](const caf::error& why) { ready_.deliver(why); });
    }
  }

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
  caf::actor replicas_;
  caf::actor controller_;
  caf::actor cleaner_;
  std::vector<caf::actor> listeners_;
  std::vector<listener_bound> bound_;
  std::size_t left_ = 0;
  caf::typed_response_promise<node_ready> ready_;
  bool stopping_ = false;
};

caf::behavior node(caf::stateful_actor<node_state>* self, node_context* context) {
  adopt(self, *context, "node");
  auto* state = &self->state;
  state->start(self, *context);
  return {
    [state](const node_start&) { return state->open(); },
    [state](const node_stop&) { return state->stop(); },
  };
}

}  // namespace

caf::actor spawn_node(node_context& context) {
  return context.spawn(node, &context);
}

}  // namespace troupe
