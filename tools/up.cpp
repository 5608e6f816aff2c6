#include "tools/up.hpp"

#include "runtime/posix/process.hpp"
#include "tools/admin/address.hpp"
#include "tools/admin/cluster_state.hpp"
#include "tools/admin/options.hpp"
#include "tools/local/node_process.hpp"
#include "tools/local/ports.hpp"
#include "tools/local/start.hpp"

#include <CLI/CLI.hpp>

#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>

namespace troupe::tools {

namespace {

constexpr std::size_t nodes_default = 3;
constexpr int port_default = 9092;
constexpr auto stop_patience = std::chrono::seconds{60};
constexpr auto look_pause = std::chrono::milliseconds{200};

/// What `troupe up` was told; what was not given stays as it was when the cluster was started before.
struct up_options {
  std::optional<std::size_t> nodes;
  std::string data = "data";
  std::optional<int> port;
  std::vector<std::string> settings;
  bool detach = false;
  int timeout_seconds = 60;
};

/// What stands in the directory, with what was asked for on top.
expected<local_cluster> plan(const up_options& o, const std::string& directory) {
  auto known = load_cluster(directory);
  if (!known)
    return known.error();
  auto out = *known ? **known : local_cluster{directory, false, {}, {}};
  if (!o.settings.empty())
    out.settings = o.settings;
  const auto there = out.nodes.size();
  const auto wanted = o.nodes.value_or(there == 0 ? nodes_default : there);
  if (wanted < there)
    return complaint("--nodes " + std::to_string(wanted) + ": the cluster in " + directory + " has "
                     + std::to_string(there) + "; leave --nodes out, or choose another --data");
  if (there > 0 && o.port && *o.port != 0 && *o.port != out.nodes.front().client_port)
    return complaint("--port " + std::to_string(*o.port) + ": the cluster in " + directory + " has port "
                     + std::to_string(out.nodes.front().client_port) + "; leave --port out, or choose another --data");
  const int from = there == 0 ? o.port.value_or(port_default) : out.nodes.back().client_port + 1;
  auto problem = add_nodes(out, wanted - there, static_cast<std::uint16_t>(from));
  if (problem && there > 0)  // nobody has chosen these ports
    problem = add_nodes(out, wanted - out.nodes.size(), 0);
  if (problem)
    return problem;
  return out;
}

std::string pids(const local_cluster& c) {
  std::string out;
  for (const auto& n : c.nodes)
    out += (out.empty() ? "" : ",") + std::to_string(n.pid);
  return out;
}

expected<local_cluster> start(const up_options& o) {
  const auto directory = std::filesystem::absolute(o.data).lexically_normal().string();
  auto hold = directory_hold::take(directory);
  if (!hold)
    return hold.error();
  auto c = plan(o, directory);
  if (!c)
    return c.error();
  if (auto problem = start_nodes(*c, std::chrono::seconds{o.timeout_seconds}))
    return problem;
  std::cout << "bootstrap=" << c->bootstrap() << "\npids=" << pids(*c) << std::endl;
  return c;
}

void show(const local_cluster& c) {
  auto nodes = parse_addresses(c.bootstrap(), "--bootstrap");
  client by{{*nodes}};
  if (auto state = describe_cluster(by))
    std::cout << to_text(*state);
  std::cout << "data in " << c.directory << "; Ctrl-C ends the cluster" << std::endl;
}

/// Tells of nodes that end, until somebody wants the end of all.
error stay(const local_cluster& c) {
  show(c);
  std::vector<bool> ran(c.nodes.size(), true);
  while (!posix::stop_signal_came(look_pause))
    for (std::size_t i = 0; i < c.nodes.size(); ++i) {
      const auto& n = c.nodes[i];
      const auto how = how_it_ended(n);
      if (runs(c, n) || !ran[i])
        continue;
      ran[i] = false;
      std::cout << "node " << n.id << " (pid " << n.pid << ") ended" << (how.empty() ? "" : " by ") << how
                << "; it starts again with: troupe up --detach --data " << c.directory << std::endl;
    }
  // Others may have started nodes anew meanwhile.
  auto now = load_cluster(c.directory);
  if (!now)
    return now.error();
  return stop_nodes(*now ? **now : c, stop_patience);
}

error up(const up_options& o) {
  posix::hold_stop_signals();
  auto c = start(o);
  if (!c)
    return c.error();
  return o.detach ? error{} : stay(*c);
}

error down(const std::string& data) {
  const auto directory = std::filesystem::absolute(data).lexically_normal().string();
  auto c = load_cluster(directory);
  if (!c)
    return c.error();
  if (!*c)
    return complaint("--data " + directory + ": no cluster of `troupe up` there");
  auto hold = directory_hold::take(directory);
  if (!hold)
    return hold.error();
  if (std::ranges::none_of((*c)->nodes, [&](const auto& n) { return runs(**c, n); }))
    std::cout << "no node of " << directory << " runs" << std::endl;
  return stop_nodes(**c, stop_patience);
}

}  // namespace

void offer_up(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<up_options>();
  auto* command = app.add_subcommand("up", "Start a cluster on this machine, each node a process of its own");
  command->add_option("--nodes", options->nodes, "Number of nodes (3, or as many as there are)")
    ->check(CLI::Range(1, 100));
  command->add_option("--data", options->data, "Directory for all that belongs to it")->capture_default_str();
  command->add_option("--port", options->port, "Of node 1 for clients, the others follow (9092; 0: any)")
    ->check(CLI::Range(0, 65535));
  command->add_option("--set", options->settings, "key=value for every node; may be repeated; remembered");
  command->add_flag("--detach", options->detach, "Return when all are ready; `troupe down` ends them");
  command->add_option("--timeout", options->timeout_seconds, "Seconds until all must be ready")
    ->capture_default_str()
    ->check(CLI::Range(1, 86400));
  command->callback([options, &exit_code] {
    if (auto problem = up(*options))
      exit_code = complain("up", problem);
  });
}

void offer_down(CLI::App& app, int& exit_code) {
  auto data = std::make_shared<std::string>("data");
  auto* command = app.add_subcommand("down", "End a cluster that `troupe up` started; its data stay");
  command->add_option("--data", *data, "The directory that `troupe up` was given")->capture_default_str();
  command->callback([data, &exit_code] {
    if (auto problem = down(*data))
      exit_code = complain("down", problem);
  });
}

}  // namespace troupe::tools
