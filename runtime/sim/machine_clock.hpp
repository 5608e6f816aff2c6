#pragma once

#include "runtime/authority/clock.hpp"
#include "runtime/sim/event_queue.hpp"

namespace troupe::sim {

/// The clocks of one machine of a world: the monotonic one follows the world's time at a rate of its own, the wall
/// clock follows the monotonic one plus the steps it has made.
class machine_clock final : public clock {
 public:
  /// `now` is the world's time and outlives this. The machine was switched on `uptime` before the world began.
  machine_clock(const virtual_time& now, std::chrono::nanoseconds uptime, wall_time wall_start);

  monotonic_time monotonic_now() override;
  wall_time wall_now() override;

  /// The monotonic clock gains this many parts of a million from now on (negative: loses); beyond ±500,000 is refused.
  void set_drift(std::int32_t parts_per_million);
  /// The wall clock jumps, also backwards; the monotonic one does not.
  void step_wall(std::chrono::milliseconds by) { wall_base_ += by; }

  /// The world's time at which the monotonic clock will show `local`; may lie in the past.
  virtual_time when(monotonic_time local) const;
  /// Changes whenever what `when` tells does.
  std::uint64_t version() const { return version_; }

 private:
  const virtual_time& now_;
  virtual_time world_base_;
  monotonic_time local_base_;
  std::int64_t rate_ = 1'000'000;  ///< local nanoseconds in a million of the world's
  monotonic_time wall_base_at_;
  wall_time wall_base_;
  std::uint64_t version_ = 0;
};

}  // namespace troupe::sim
