#include "tools/cluster.hpp"

#include "tools/admin/cluster_state.hpp"
#include "tools/admin/options.hpp"

#include <CLI/CLI.hpp>

#include <iostream>
#include <memory>

namespace troupe::tools {

namespace {

error show(const admin_options& options) {
  auto by = options.connect();
  if (!by)
    return by.error();
  auto state = describe_cluster(*by);
  if (!state)
    return state.error();
  std::cout << (options.json ? to_json(*state) : to_text(*state));
  return {};
}

}  // namespace

void offer_cluster(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<admin_options>();
  auto* command = app.add_subcommand("cluster", "Show nodes, leaders, the quorum and what is not in order");
  options->offer(*command, true);
  command->callback([options, &exit_code] {
    if (auto problem = show(*options))
      exit_code = complain("cluster", problem);
  });
}

}  // namespace troupe::tools
