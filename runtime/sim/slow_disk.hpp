#pragma once

#include <chrono>
#include <cstdint>

namespace troupe::sim {

/// Calls to a disk that take their time: an actor that has worked with the disk before is kept from its next message
/// with this probability, for up to so long. For the others that is what a slow disk looks like: the mail waits, and
/// what the handler does happens late.
struct slow_disk {
  std::uint32_t per_million = 0;
  std::chrono::nanoseconds longest{0};
};

}  // namespace troupe::sim
