#pragma once

#include <chrono>
#include <cstdint>

namespace troupe {

/// Time that only goes forward: deadlines and timers. On a real node the steady clock, in a world virtual time.
using monotonic_time = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;

/// Time as people and records know it, in milliseconds since 1970 UTC; may jump. Only for record timestamps and
/// retention.
using wall_time = std::chrono::time_point<std::chrono::system_clock, std::chrono::milliseconds>;

/// Where product code gets the time from; pure classes take the values instead. Callable from any thread.
class clock {
 public:
  virtual ~clock() = default;
  virtual monotonic_time monotonic_now() = 0;
  virtual wall_time wall_now() = 0;
};

inline std::int64_t to_ms(wall_time t) {
  return t.time_since_epoch().count();
}

inline wall_time from_ms(std::int64_t ms) {
  return wall_time{std::chrono::milliseconds{ms}};
}

}  // namespace troupe
