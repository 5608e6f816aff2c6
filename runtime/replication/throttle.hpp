#pragma once

#include "runtime/authority/clock.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <mutex>

namespace troupe::replication {

/// How many bytes a second copies of partitions may take, all of them together (KIP-73). Whoever wants to copy is given
/// the moment from which its bytes may go, in the order of asking, so that nobody asks twice. Safe for any thread.
class throttle {
 public:
  /// No limit.
  static constexpr std::int64_t unlimited = std::numeric_limits<std::int64_t>::max();

  /// Bytes a second from now on; promises stay. 0: nothing goes, as far as that can be waited for.
  void set_rate(std::int64_t bytes_per_second);
  std::int64_t rate() const;
  /// How much to ask for at a time, `most` at most, so that bytes go evenly: about a quarter of a second's.
  std::size_t slice_bytes(std::size_t most) const;
  /// From when on `bytes` may go; they count as gone. At or before `now`: at once.
  monotonic_time reserve(std::size_t bytes, monotonic_time now);

 private:
  mutable std::mutex lock_;
  std::int64_t rate_ = unlimited;
  monotonic_time free_at_ = monotonic_time::min();
};

/// The throttles of one node, shared by its partitions.
struct throttles {
  throttle leaders;    ///< `leader.replication.throttled.rate`
  throttle followers;  ///< `follower.replication.throttled.rate`
  throttle moves_out;  ///< `reassignment.throttled.rate`, for what leaders here send to replicas that are being added
  throttle moves_in;   ///< likewise, for replicas here that are being added
  throttle directories;  ///< `replica.alter.log.dirs.io.max.bytes.per.second`, for moves between directories
};

/// Whether the topic's settings name this replica, for when it leads and for when it follows.
struct throttled_as {
  bool leader = false;
  bool follower = false;
};

}  // namespace troupe::replication
