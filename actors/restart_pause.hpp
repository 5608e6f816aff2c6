#pragma once

#include "runtime/base/bounds.hpp"

#include <algorithm>
#include <chrono>

namespace troupe {

/// How long a supervisor waits before it makes an actor anew that has failed `failures` times before.
inline std::chrono::milliseconds restart_pause(int failures) {
  constexpr int doublings_max = 8;
  return std::min<std::chrono::milliseconds>(bounds::restart_pause_min * (1 << std::min(failures, doublings_max)),
                                             bounds::restart_pause_max);
}

}  // namespace troupe
