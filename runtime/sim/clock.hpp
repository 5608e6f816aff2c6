#pragma once

#include "runtime/authority/clock.hpp"

namespace troupe::sim {

/// Time that moves only when it is told to. The wall clock follows the monotonic one plus the steps it has made. Not
/// thread-safe, like everything of a simulated world.
class simulated_clock final : public clock {
 public:
  explicit simulated_clock(wall_time start = from_ms(1'700'000'000'000)) : wall_start_(start) {}

  monotonic_time monotonic_now() override { return now_; }
  wall_time wall_now() override {
    return wall_start_ + std::chrono::duration_cast<std::chrono::milliseconds>(now_.time_since_epoch());
  }

  /// Both clocks go on by `duration`, which is not negative.
  void advance(std::chrono::nanoseconds duration) { now_ += duration; }
  /// The wall clock jumps, also backwards; the monotonic one does not.
  void step_wall(std::chrono::milliseconds by) { wall_start_ += by; }
  /// The wall clock jumps so that it shows `at`.
  void set_wall(wall_time at) { wall_start_ += at - wall_now(); }

 private:
  monotonic_time now_{};
  wall_time wall_start_;
};

}  // namespace troupe::sim
