#pragma once

#include "runtime/sim/trace.hpp"
#include "tools/sim/cluster_shape.hpp"
#include "tools/sim/run_options.hpp"
#include "tools/sim/watcher.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace troupe::cluster_sim {

/// How a run of a cluster ended.
struct cluster_result {
  std::vector<std::string> wrong;  ///< empty: all is well
  std::uint64_t hash = 0;
  std::size_t acknowledged = 0;
  std::size_t read = 0;
  std::uint64_t starts = 0;
  std::uint64_t messages = 0;
  std::uint64_t idle_messages = 0;  ///< in the ten seconds after the work
  std::chrono::nanoseconds lasted{0};            ///< virtual time
  std::map<std::string, std::uint64_t> probes;   ///< rare states that were reached, and how often
  std::string events;  ///< the last ones, when something is wrong
};

/// Who hears of a run while it goes on; any of them may be empty.
struct run_listeners {
  sim::trace::listener events;                    ///< all of them, as lines
  std::function<void(const sighting&)> sightings;  ///< changes of leaders and of the controller
};

/// The faults of a run with these options; one machine at most is down at a time, two of five. With every fifth seed
/// one machine at most loses its disk; with the others disks fail, and lose nothing that was durable. Where topics are
/// not synced, no machine loses power.
sim::fault_plan plan_of_cluster(const run_options& options);

/// Real nodes and clients that append and read, while `plan` happens, partitions and voters move and topics come and
/// go; then everything is healed, all clients must come to the end of what they do and all replicas into sync, with
/// every second seed after a loss of power of all nodes at once; then everybody reads everything. What the clients saw
/// is judged, the metadata are watched, and the replicas are compared.
cluster_result run_cluster(const run_options& options, const sim::fault_plan& plan, run_listeners listen = {});

}  // namespace troupe::cluster_sim
