#pragma once

#include "runtime/base/ids.hpp"

#include <map>
#include <vector>

namespace troupe::replication {

/// When a leader counts a replica's log as good enough to commit on it.
enum class commit_rule : std::uint8_t {
  durable,   ///< what the replica has synced (topic setting `durability=fsync`)
  appended,  ///< what the replica has in its log (Kafka's promise)
};

/// What the leader of one partition knows of its replicas, and the high watermark that follows from it. Pure; owned by
/// the partition actor. The high watermark never goes back under one leader and does not move while fewer than
/// `min.insync.replicas` are in sync (KIP-966).
class leader {
 public:
  leader(node_id self, leader_epoch epoch, offset high_watermark);

  void set_in_sync(std::vector<node_id> in_sync_replicas);
  void set_rule(commit_rule rule, std::size_t min_in_sync);

  /// A replica reported how far its log reaches and how far it is durable. True when the high watermark moved.
  bool report(node_id replica, offset log_end, offset durable_end);

  leader_epoch epoch() const { return epoch_; }
  offset high_watermark() const { return high_watermark_; }
  std::size_t in_sync_count() const { return in_sync_.size(); }
  bool enough_in_sync() const { return in_sync_.size() >= min_in_sync_; }

 private:
  struct ends {
    offset log_end{0};
    offset durable_end{0};
  };
  bool advance();

  node_id self_;
  leader_epoch epoch_;
  offset high_watermark_;
  commit_rule rule_ = commit_rule::durable;
  std::size_t min_in_sync_ = 1;
  std::vector<node_id> in_sync_;
  std::map<node_id, ends> ends_;
};

}  // namespace troupe::replication
