#pragma once

#include "runtime/sim/fault.hpp"
#include "runtime/sim/prng.hpp"

#include <set>

namespace troupe::sim {

/// What a drawn plan may do. Inside of these limits any loss is a bug.
struct plan_options {
  std::vector<std::string> machines;
  std::vector<std::string> clients;  ///< hosts whose connections with machines are cut and reset as well
  virtual_time from = std::chrono::seconds{1};
  virtual_time until = std::chrono::seconds{20};  ///< all faults have ended by then
  std::size_t count = 10;                         ///< of faults to try for
  std::size_t down_most = 1;     ///< machines that are down, paused, cut off or with a failing disk at one time
  std::size_t damaged_most = 0;  ///< machines whose disk loses or changes what was durable, in the whole plan
  /// How long a machine needs to catch up; it counts as down until then.
  std::chrono::nanoseconds recovery = std::chrono::seconds{2};
  std::set<fault_action> without;  ///< these are not drawn
};

/// A plan drawn from `random`, in the order of time.
fault_plan draw_plan(prng random, const plan_options& options);

}  // namespace troupe::sim
