#include "tools/sim/node_process.hpp"

#include "actors/node.hpp"
#include "runtime/base/invariant.hpp"
#include "runtime/node/context.hpp"

#include <caf/all.hpp>

#include <optional>

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::cluster_sim::stop_node)

namespace troupe::cluster_sim {

namespace {

/// Writes down errors on their way to the machine's log, unless the process is dying in the middle of a handler.
class error_log final : public log_sink {
 public:
  error_log(sim::machine& on, node_defects& told) : on_(on), told_(told) {}
  void write(log_level level, std::string_view component, std::string_view line) override {
    if (level == log_level::error && !on_.storage().is_cut())
      told_.errors.push_back(std::string{component} + ": " + std::string{line});
    on_.log().write(level, component, line);
  }

 private:
  sim::machine& on_;
  node_defects& told_;
};

/// The node's context, whose last word is how much mail nobody expected.
struct running_node {
  running_node(sim::machine& m, config::broker_config settings, node_defects& told)
    : log(m, told),
      context(m.system(), {m.storage(), m.time(), m.random(), m.network(), log, false}, std::move(settings)),
      machine(m.name()),
      defects(told) {
    defects.running[machine] = &context;
  }
  ~running_node() {
    defects.unexpected_mail += context.unexpected_mail;
    if (const auto found = defects.running.find(machine); found->second == &context)
      defects.running.erase(found);
  }

  error_log log;
  node_context context;
  const std::string machine;
  node_defects& defects;
};

/// Stands for the main thread: starts the node, and ends when the node does.
caf::behavior main_actor(caf::event_based_actor* self, running_node* running) {
  adopt(self, running->context, "main");
  auto node = spawn_node(running->context);
  self->monitor(node);
  self->set_down_handler([self](caf::scheduled_actor*, caf::down_msg& m) { self->quit(m.reason); });
  self->request(node, caf::infinite, node_start{})
    .then([](const node_ready&) {}, [self, running](caf::error& why) {
      running->defects.failed_starts.push_back(render(why));
      self->quit(std::move(why));
    });
  return {
    [self, node](const stop_node&) {
      self->request(node, caf::infinite, node_stop{})
        .then([self](const node_stopped&) { self->quit(); }, [self](caf::error& why) { self->quit(std::move(why)); });
    },
  };
}

}  // namespace

sim::boot make_node(std::vector<std::string> settings, node_defects& defects) {
  return [settings = std::move(settings), &defects](sim::machine& m) {
    auto loaded = config::broker_config::load(std::nullopt, settings);
    TROUPE_INVARIANT(loaded.engaged(), render(loaded.error()));
    auto running = std::make_shared<running_node>(m, std::move(*loaded), defects);
    return sim::process{m.system().spawn(main_actor, running.get()), running};
  };
}

void stop(sim::machine& m) {
  caf::anon_send(m.root(), stop_node{});
}

}  // namespace troupe::cluster_sim
