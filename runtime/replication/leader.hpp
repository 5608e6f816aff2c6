#pragma once

#include "runtime/authority/clock.hpp"
#include "runtime/base/ids.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <vector>

namespace troupe::replication {

/// When a leader counts a replica's log as good enough to commit on it.
enum class commit_rule : std::uint8_t {
  durable,   ///< what the replica has synced (topic setting `durability=fsync`)
  appended,  ///< what the replica has in its log (Kafka's promise)
};

/// What the topic's settings ask of a leader.
struct leader_rules {
  commit_rule commit = commit_rule::durable;
  std::size_t min_in_sync = 1;              ///< min.insync.replicas
  std::chrono::milliseconds lag_max{30'000};  ///< replica.lag.time.max.ms
};

/// The partition as the controller has decided it last.
struct membership {
  std::vector<node_id> replicas;
  std::vector<node_id> in_sync;
  std::int32_t partition_epoch = 0;
  std::vector<node_id> adding = {};  ///< of the replicas, those that a reassignment brings
};

/// How far one follower's log reaches.
struct replica_report {
  offset log_end{0};
  offset durable_end{0};
  std::int64_t broker_epoch = -1;  ///< registration of the follower's process (KIP-903)
  offset log_start{0};
  std::int32_t partition_epoch = -1;  ///< that the follower knew
};

/// The in-sync replicas that a leader asks the controller for (KIP-497).
struct isr_wish {
  struct member {
    node_id id;
    std::int64_t broker_epoch = -1;  ///< -1: not heard of under this leader, in sync as before
    bool operator==(const member&) const = default;
  };
  std::vector<member> in_sync;
  std::int32_t partition_epoch = 0;  ///< that it was derived from
  bool operator==(const isr_wish&) const = default;
};

/// Whether the controller would let a follower in that has caught up, as far as the metadata tell (KIP-841, KIP-903).
using isr_eligibility = std::function<bool(const isr_wish::member&)>;

/// What the leader of one partition knows of its replicas, the high watermark that follows from it, and which replicas
/// should be in sync. Pure; owned by the partition actor. The high watermark never goes back under one leader, counts
/// every replica that may be in sync by now, decided or only asked for, and does not move while fewer than
/// `min.insync.replicas` are in sync (KIP-966).
class leader {
 public:
  /// `log_end`: where this epoch begins. `high_watermark`: the last one known.
  leader(node_id self, leader_epoch epoch, offset high_watermark, offset log_end);

  /// The controller's decision; an older one than the last is ignored. Settles a wish that was under way. True when the
  /// high watermark moved; likewise below.
  bool set_members(membership decided);
  bool set_rules(leader_rules rules);

  /// This replica's own log.
  bool report_own(offset log_end, offset durable_end, monotonic_time now);
  /// A follower said how far it is; it must be one whose log does not diverge. Nodes that hold no replica are not
  /// counted, nor is what comes late from a process before the one that was heard last (KIP-903), or from before the
  /// replica left and came back. What a replica says before the news of it have come counts when they do.
  bool report(node_id replica, const replica_report& said, monotonic_time now);

  /// What to ask the controller for now, if anything: followers that were behind for longer than the lag allows leave,
  /// followers that have reached the high watermark and this epoch come in, unless they are not `eligible`: the
  /// controller would refuse the whole wish, and with it those who are. None while one is under way.
  std::optional<isr_wish> next_wish(monotonic_time now, const isr_eligibility& eligible = {});
  /// The last look for a wish left somebody out who was not eligible: that one may be soon.
  bool left_somebody_out() const { return left_somebody_out_; }
  /// The controller refused the wish under way for good, or it was never sent.
  bool drop_wish();
  /// The wish under way, to be sent again when its answer was lost: it may have been granted.
  const std::optional<isr_wish>& open_wish() const { return wish_; }

  leader_epoch epoch() const { return epoch_; }
  offset epoch_start() const { return epoch_start_; }
  offset high_watermark() const { return high_watermark_; }
  /// A new leader's high watermark says what is committed only once it has reached the start of its epoch (KIP-207).
  bool knows_high_watermark() const { return high_watermark_ >= epoch_start_; }
  const membership& members() const { return members_; }
  bool enough_in_sync() const { return members_.in_sync.size() >= rules_.min_in_sync; }
  /// Whether all replicas in sync have spoken to this leader since `then`: so long at least nobody has replaced it, for
  /// its successor is one of them.
  bool was_followed_since(monotonic_time then) const;
  /// The follower among `near` that a client which wants records from `wanted` on had best read from: in sync, with
  /// that offset in its log, and of several the one that has most (KIP-392). None when this replica is the best.
  std::optional<node_id> best_to_read(std::span<const node_id> near, offset wanted) const;
  /// Where the logs of all replicas in sync start at least, this replica's at `own`, as far as they have said.
  offset low_watermark(offset own) const;
  /// Whether some follower that is in sync, or could be, has not got everything: then `next_wish` wants to be asked
  /// again as time goes by.
  bool somebody_is_behind() const;

 private:
  struct progress {
    replica_report said;
    monotonic_time caught_up_at;  ///< when it last had all that there was
    offset goal{0};               ///< the log's end when it last spoke
    monotonic_time goal_at;
  };

  struct early_report {
    replica_report said;
    monotonic_time at;
  };

  void note_joined(const std::vector<node_id>& before);
  void take_early();
  bool advance();
  offset counted(const replica_report& r) const;
  bool lags(node_id replica, monotonic_time now) const;
  bool may_join(node_id replica, const progress& p) const;

  node_id self_;
  leader_epoch epoch_;
  offset epoch_start_;
  offset high_watermark_;
  leader_rules rules_;
  membership members_;
  replica_report own_;
  monotonic_time began_{};
  std::map<node_id, progress> followers_;
  std::map<node_id, std::int32_t> joined_at_;  ///< partition epochs, of those who came under this leader
  std::map<node_id, early_report> early_;      ///< of nodes that know of a newer decision
  std::optional<isr_wish> wish_;
  bool left_somebody_out_ = false;
};

}  // namespace troupe::replication
