#include "host/host.hpp"

#include "actors/node.hpp"
#include "runtime/node/context.hpp"
#include "runtime/posix/clock.hpp"
#include "runtime/posix/disk.hpp"
#include "runtime/posix/log_sink.hpp"
#include "runtime/posix/process.hpp"
#include "runtime/posix/random.hpp"
#include "runtime/posix/transport.hpp"

#include <caf/all.hpp>
#include <caf/io/middleman.hpp>

#include <algorithm>
#include <iostream>
#include <thread>

namespace troupe {

namespace {

caf::actor_system_config system_config() {
  caf::actor_system_config cfg;
  cfg.load<caf::io::middleman>();
  cfg.set("scheduler.policy", caf::atom("sharing"));
  cfg.set("scheduler.max-threads", std::max<std::size_t>(2, std::thread::hardware_concurrency()));
  cfg.set("middleman.workers", std::size_t{0});
  return cfg;
}

/// Asks `node` and waits; nothing but the main thread waits for an actor.
template <class Reply, class Request>
expected<Reply> ask(caf::scoped_actor& self, const caf::actor& node, Request request) {
  expected<Reply> out{caf::sec::runtime_error};
  self->request(node, caf::infinite, request)
    .receive([&](const Reply& m) { out = m; }, [&](caf::error& why) { out = std::move(why); });
  return out;
}

/// A node that ends by itself ends the process: whoever started it sees that and decides.
caf::behavior watch(caf::event_based_actor* self, const caf::actor& node) {
  self->monitor(node);
  self->set_down_handler([self](caf::down_msg&) {
    posix::send_stop_signal();
    self->quit();
  });
  return {[](int) {}};
}

int run(node_context& context) {
  caf::scoped_actor self{context.system};
  auto node = spawn_node(context);
  auto ready = ask<node_ready>(self, node, node_start{});
  if (!ready) {
    context.log.write(log_level::error, "troupe", render(ready.error()));
    self->send_exit(node, caf::exit_reason::kill);
    return 1;
  }
  for (const auto& l : ready->listeners)
    std::cout << "ready " << l.name << "://"
              << (l.at.host.find(':') == std::string::npos ? l.at.host : "[" + l.at.host + "]") << ":" << l.at.port
              << std::endl;
  context.system.spawn(watch, node);
  const auto signal = posix::wait_for_stop_signal();
  context.log.write(log_level::info, "troupe", "stopping on " + signal);
  auto stopped = ask<node_stopped>(self, node, node_stop{});
  if (!stopped) {
    context.log.write(log_level::error, "troupe", "not stopped cleanly: " + render(stopped.error()));
    return 1;
  }
  context.log.write(log_level::info, "troupe", "stopped cleanly");
  return 0;
}

}  // namespace

void host_node(config::broker_config settings, node_additions own, log_level level) {
  posix::hold_stop_signals();
  posix::keep_freed_memory();
  posix::raise_open_file_limit();
  auto log = posix::make_log_sink(level);
  for (const auto& warning : settings.warnings())
    log->write(log_level::warning, "configuration", warning);
  auto cfg = system_config();
  caf::actor_system system{cfg};
  auto storage = posix::make_posix_disk();
  auto time = posix::make_clock();
  auto random = posix::make_random();
  auto network = posix::make_transport(system);
  node_context context{system, {*storage, *time, *random, *network, *log}, std::move(settings)};
  context.set_own_assignors(std::move(own.assignors));
  const int code = run(context);
  std::cout.flush();
  // Everything that counts is on the disk: closing sockets and freeing memory is left to the system.
  std::_Exit(code);
}

}  // namespace troupe
