#pragma once

#include "runtime/sim/machine.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace troupe {
class node_context;
}

namespace troupe::cluster_sim {

/// What went wrong in the processes of a cluster that no crash explains, where a test demands that there is nothing;
/// and the contexts of those that run.
struct node_defects {
  std::uint64_t unexpected_mail = 0;
  std::vector<std::string> failed_starts;
  std::vector<std::string> errors;  ///< lines that the node has logged as errors
  std::map<std::string, node_context*> running;  ///< by machine
};

/// Boots a real node as the `troupe` command does, on what a machine gives, with `settings` as of `--set key=value`.
/// Its client listener is `listeners` of the settings. `defects` outlives the world.
sim::boot make_node(std::vector<std::string> settings, node_defects& defects);

/// Stop cleanly; for the root of such a process, which ends when all is on the disk.
struct stop_node {};

/// Tells the node of `m` to stop cleanly.
void stop(sim::machine& m);

}  // namespace troupe::cluster_sim
