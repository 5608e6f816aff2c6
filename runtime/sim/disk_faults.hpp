#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace troupe::sim {

/// What may go wrong with one call to a simulated disk.
enum class fault_kind : std::uint8_t {
  read_error,         ///< a sector in the range cannot be read, now and later, until it is written again
  bit_flip,           ///< one bit of the range that is read has changed on the medium
  zeroed_sector,      ///< one sector of the range that is read has become zeros on the medium
  write_error,        ///< the write fails with an I/O error; nothing of it is there
  short_write,        ///< the write fails after a part of it, with an I/O error
  no_space,           ///< the write or the new name fails for want of space; a part of the write may be there
  lost_write,         ///< the write looks done, but the device never stores it, although a sync succeeds
  stale_sector,       ///< as `lost_write` for one sector of the write
  misdirected_write,  ///< the device stores the write in another place of the same file, over what is there
  sync_error,         ///< the sync fails once; what it covered stays visible until power is lost, and is gone then
  no_handles,         ///< the file cannot be opened, since the process has too many open
  slow,               ///< the call takes long: told to the callback, the call itself goes on as always
};

/// When a fault strikes. `at_op` and `per_million` may be combined; a fault with neither never strikes.
struct disk_fault {
  fault_kind kind = fault_kind::write_error;
  /// Strikes once: at the first call that fits the kind when at least this many operations (`ops`, for faults in
  /// reading `reads`) have been made before.
  std::optional<std::uint64_t> at_op;
  std::uint32_t per_million = 0;  ///< strikes each fitting call with this probability
  std::string path_contains;      ///< only calls on such paths
};

/// Hears of slow calls: which path, and for how long the caller would have waited.
using slow_callback = std::function<void(const std::string& path, std::chrono::nanoseconds duration)>;

/// Hears each operation as a line for people: number, what, path.
using disk_trace = std::function<void(const std::string& line)>;

}  // namespace troupe::sim
