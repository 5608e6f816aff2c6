#pragma once

#include "runtime/sim/fault.hpp"
#include "runtime/sim/trace.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace troupe::cluster_sim {

/// How a run of one node ended.
struct run_result {
  std::vector<std::string> wrong;  ///< empty: all is well
  std::uint64_t hash = 0;
  std::size_t acknowledged = 0;
  std::uint64_t starts = 0;
  std::uint64_t messages = 0;
  sim::virtual_time lasted{0};
  std::string events;  ///< the last ones, when something is wrong
};

/// The faults of a run with that seed; without `disk_fails`, no call to the disk fails.
sim::fault_plan plan_of_one_node(std::uint64_t seed, bool disk_fails = false);

/// One real node, an appender and a tailer, `plan` for five virtual seconds, then a restart and a read of everything.
/// `listen` hears all events. A node must not log errors or refuse to start, unless calls to its disk fail.
run_result run_one_node(std::uint64_t seed, const sim::fault_plan& plan, sim::trace::listener listen = {});

}  // namespace troupe::cluster_sim
