#include "runtime/replication/follower.hpp"

#include <algorithm>

namespace troupe::replication {

offset truncation_point(const epoch_boundary& leaders, const epoch_boundary& own, offset log_end) {
  // No epoch in common: nothing of this log is the leader's.
  if (leaders.epoch == no_epoch || own.epoch == no_epoch)
    return std::min(std::max(leaders.end, offset{0}), log_end);
  // The leader knows this epoch: it ends at the earlier of the two. It does not: only what came under an older one
  // counts.
  return std::min({leaders.end, own.end, log_end});
}

offset followed_high_watermark(offset said, offset log_end, offset before) {
  return std::max(before, std::min(said, log_end));
}

}  // namespace troupe::replication
