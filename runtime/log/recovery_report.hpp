#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace troupe::log {

/// What opening a log found and did beyond reading what is there. Empty after a clean stop of a sound log.
struct recovery_report {
  /// One sentence for each thing rebuilt, ignored, cut or found damaged, naming file, position and bytes.
  std::vector<std::string> lines;
  std::uint64_t verified_bytes = 0;  ///< read and checked batch by batch
  std::uint64_t cut_bytes = 0;       ///< torn or unreadable bytes above the durable mark that are gone now
};

}  // namespace troupe::log
