#pragma once

#include "runtime/authority/clock.hpp"
#include "runtime/sim/network.hpp"
#include "runtime/sim/picker.hpp"

namespace troupe::sim {

/// How a world is made. Equal options and equal calls give equal runs, in any process.
struct world_options {
  std::uint64_t seed = 1;
  /// How long a machine is busy with one message, drawn between the two. With 0, time stands still while anybody has
  /// something to do, and a loop of messages without end never lets it go on.
  std::chrono::nanoseconds step_least = std::chrono::microseconds{1};
  std::chrono::nanoseconds step_most = std::chrono::microseconds{20};
  /// How the next actor is chosen; none: drawn from the seed, and changed now and then.
  std::optional<pick_mode> mode;
  /// Monotonic clocks gain or lose up to this much.
  std::int32_t drift_ppm_most = 200;
  /// Wall clocks start apart by up to this much from `wall_start`.
  std::chrono::milliseconds wall_apart_most{20};
  wall_time wall_start = from_ms(1'700'000'000'000);
  /// How long packets take between hosts.
  latency packets;
  /// Whether `buggify` may fire.
  bool disturbs_sites = true;
  /// How many of the last events are kept for `trace::last_lines`.
  std::size_t trace_lines = 2'000;
};

}  // namespace troupe::sim
