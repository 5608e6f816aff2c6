#pragma once

#include "actors/owed_acks.hpp"
#include "actors/replica_log.hpp"

#include <memory>
#include <string>
#include <vector>

namespace troupe {

/// What a partition does while another node leads it: tells the leader, through this node's `replicator` for that node,
/// how far its log is, appends what comes, and cuts its log where it differs from the leader's (KIP-101, KIP-279,
/// KIP-595). Born when the leader changes, gone when it changes again. A part of the partition actor's state.
class follower_role {
 public:
  /// `source`: this node's replicator for the leader's node; an invalid handle while the partition has no leader.
  /// `high_watermark`: the last one this replica knew. `owed`: from when it led; those who wait are told that all is
  /// well when the leader says that their records are committed, and that this is no leader when they are cut off or
  /// nothing is known within `bounds::deposed_ack_max`.
  follower_role(caf::event_based_actor& self, node_context& context, replica_log& log, leader_epoch epoch,
                caf::actor source, offset high_watermark, owed_acks owed);

  leader_epoch epoch() const { return epoch_; }
  offset high_watermark() const { return high_watermark_; }

  /// Begins to follow, or goes on after a pause.
  void begin();
  /// Leaves the replicator, and the log as it is; what is still owed is the next role's.
  owed_acks end();

  /// What the leader sent.
  void take(const replica_slice& m);
  void log_durable();
  /// Some of those who are owed an answer have waited for long enough.
  void on_owed_tick();

 private:
  void tell(bool ready);
  void append(const replica_slice& m, const byte_slice& records);
  void cut(offset to);
  void restart(offset at);
  void after_cut(const error& failed);
  void raise_watermark(const replica_slice& m);
  void fail(std::vector<parked_ack> owed);
  void retry_later();

  caf::event_based_actor& self_;
  node_context& context_;
  replica_log& log_;
  leader_epoch epoch_;
  caf::actor source_;
  offset high_watermark_;
  owed_acks owed_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);  ///< callbacks that outlive the role find it gone
  bool cutting_ = false;
  std::string told_failure_;  ///< why nothing could be appended, as the log says already
};

}  // namespace troupe
