#pragma once

#include "runtime/base/ids.hpp"

#include <optional>

namespace troupe::replication {

/// An epoch of some log, and the offset behind its last record.
struct epoch_boundary {
  leader_epoch epoch = no_epoch;
  offset end{0};
};

/// Where a follower must cut its log when the leader said that they diverge (KIP-595): `leaders` is the largest epoch
/// at or below the follower's last one in the leader's log, `own` the same for that epoch in the follower's log. Beyond
/// the result the logs may differ; below it they may still, and then the leader says so again. Never above `log_end`.
offset truncation_point(const epoch_boundary& leaders, const epoch_boundary& own, offset log_end);

/// The high watermark that a follower may show: what the leader said, as far as its own log reaches.
offset followed_high_watermark(offset said, offset log_end, offset before);

}  // namespace troupe::replication
