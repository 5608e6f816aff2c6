#pragma once

#include "runtime/sim/fault.hpp"
#include "runtime/sim/trace.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace troupe::sim_test {

/// How a run of three nodes ended.
struct cluster_result {
  std::vector<std::string> wrong;  ///< empty: all is well
  std::uint64_t hash = 0;
  std::size_t acknowledged = 0;
  std::size_t read = 0;
  std::uint64_t starts = 0;
  std::uint64_t messages = 0;
  std::uint64_t idle_messages = 0;  ///< in the ten seconds after the work
  std::string events;  ///< the last ones, when something is wrong
};

/// The faults of a run with that seed; one machine at most is down at a time. With every fifth seed, one of the disks
/// may be emptied.
sim::fault_plan plan_of_three_nodes(std::uint64_t seed);

/// Three real nodes and clients that append and read, while `plan` happens; then everything is healed, all clients must
/// come to the end of what they do and all replicas into sync, with every second seed after a loss of power of all
/// nodes at once; then everybody reads everything. What the clients saw is judged, and the replicas are compared.
/// `listen` hears all events.
cluster_result run_three_nodes(std::uint64_t seed, const sim::fault_plan& plan, sim::trace::listener listen = {});

}  // namespace troupe::sim_test
