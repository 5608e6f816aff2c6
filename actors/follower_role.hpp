#pragma once

#include "actors/log_readers.hpp"
#include "actors/owed_acks.hpp"
#include "actors/replica_log.hpp"
#include "runtime/replication/leader.hpp"

#include <memory>
#include <string>
#include <vector>

namespace troupe {

/// What a partition does while another node leads it: tells the leader, through this node's `replicator` for that node,
/// how far its log is, appends what comes, and cuts its log where it differs from the leader's (KIP-101, KIP-279,
/// KIP-595). Serves those readers who may read from a follower (KIP-392). Born when the leader changes, gone when it
/// changes again. A part of the partition actor's state.
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

  /// What the controller decided under this leader: the partition's epoch, and whether this replica belongs to it.
  /// Begins to follow with the first decision, and anew when it had left.
  void decide(const replication::membership& decided);
  /// Goes on after a pause.
  void begin();
  /// Leaves the replicator, and the log as it is; what is still owed is the next role's.
  owed_acks end();

  // -- clients ----------------------------------------------------------------------------------------------------

  caf::result<wire<schema::PartitionSlice>> read(const wire<schema::PartitionRead>& m);
  caf::result<wire<schema::PartitionOffset>> find_offset(const wire<schema::PartitionOffsetQuery>& m);
  /// Everyone who waits is told `why`.
  void fail_waiting(const error& why);

  // -- events -----------------------------------------------------------------------------------------------------

  /// What the leader sent.
  void take(const replica_slice& m);
  void log_opened();
  void log_durable();
  /// More may be asked for.
  void on_throttle_tick();
  /// Some of those who are owed an answer have waited for long enough.
  void on_owed_tick();
  void on_reader_deadline(monotonic_time due) { readers_.on_deadline(due, high_watermark_); }
  /// Retention may have moved the log's start, which the leader shall know before it sends readers here.
  void after_upkeep();

 private:
  error admit(std::int32_t sender_epoch);
  void tell(bool ready);
  replication::throttle* throttle() const;
  void ask_for_more(std::size_t after_bytes);
  void append(const replica_slice& m, const byte_slice& records);
  void begin_inside(const replica_slice& m, offset base);
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
  log_readers readers_;
  offset told_start_{0};
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);  ///< callbacks that outlive the role find it gone
  bool cutting_ = false;
  std::int32_t partition_epoch_ = -1;
  bool is_member_ = false;
  bool is_in_sync_ = false;
  bool is_added_ = false;  ///< by a reassignment
  bool has_begun_ = false;
  std::string told_failure_;  ///< why nothing could be appended, as the log says already
};

}  // namespace troupe
