#pragma once

#include "runtime/base/error.hpp"
#include "runtime/sim/disk_faults.hpp"
#include "runtime/sim/machine.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace troupe::sim {

class world;

/// What can be done to a world by a plan. Each kind says how it is written; see `parse_plan`.
enum class fault_action : std::uint8_t {
  crash,                  ///< `crash n2 for 500ms`: the process dies and is started again after that
  power_loss,             ///< `power-loss n2 weakest 7 for 1s`: with the mode and the seed of `power_cut`
  crash_at_disk_op,       ///< `crash-at-disk-op n2 3 for 500ms`: after three more operations on the disk
  power_loss_at_disk_op,  ///< `power-loss-at-disk-op n2 3 ordered 7 for 1s`
  wipe,                   ///< `wipe n2 for 1s`: as a crash, and the disk is empty
  pause,                  ///< `pause n2 for 200ms`
  step_clock,             ///< `step-clock n2 -1500ms`: the wall clock jumps
  drift,                  ///< `drift n2 50000 for 10s`: parts of a million that the monotonic clock gains
  slow_disk,              ///< `slow-disk n2 30ms for 5s`: a handler in five that uses the disk waits, up to so long
  disk_fault,             ///< `disk-fault n2 sync-error`: the next call that fits
  cut,                    ///< `cut n1>n2 for 3s`: one direction, likewise below
  clog,                   ///< `clog n1>n2 for 3s`
  drop_dials,             ///< `drop-dials n1>n2 for 3s`
  refuse_dials,           ///< `refuse-dials n1>n2 for 3s`
  reset,                  ///< `reset n1>n2`: all connections between the two
  isolate,                ///< `isolate n2 for 3s`: cut off from everybody
};

/// All of them, in the order of the enumeration.
const std::vector<fault_action>& all_fault_actions();
/// The word a plan has for it, as "power-loss".
std::string_view word_of(fault_action action);

/// One fault of a plan, complete with its end: no part of a plan needs another. Members that its action does not use
/// keep their defaults.
struct fault {
  virtual_time at{0};
  fault_action action = fault_action::crash;
  std::string host;                     ///< the machine, or the one from which a direction leads
  std::string peer;                     ///< the one to which it leads
  std::chrono::nanoseconds lasting{0};  ///< from the fault to its end
  std::int64_t amount = 0;              ///< operations, parts of a million, or nanoseconds
  power_cut power;
  fault_kind disk = fault_kind::write_error;

  /// The same fault in all its parts.
  friend bool operator==(const fault& a, const fault& b);
};

/// Faults in any order.
using fault_plan = std::vector<fault>;

/// Why a plan is refused.
enum class plan_errc : std::uint8_t { bad_plan = 1 };
error make_error(plan_errc code, std::string text);

/// One fault a line: when, what, whom, how much, as in "3.2s crash n2 for 500ms". Times are numbers with ns, us, ms or
/// s. Empty lines and what follows a # do not count. Errors: `bad_plan`, naming line and word.
expected<fault_plan> parse_plan(std::string_view text);
/// As `parse_plan` reads it.
std::string to_string(const fault_plan& plan);

/// Lets `plan` happen in `in`, from the world's beginning on; what should have happened already happens at once. Where
/// two faults of one kind overlap, the first end ends both. Machines that a fault has stopped are started again.
void schedule(world& in, const fault_plan& plan);

}  // namespace troupe::sim
