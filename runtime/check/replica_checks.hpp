#pragma once

#include "runtime/base/ids.hpp"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <vector>

namespace troupe::check {

// Checks of the replicas of one partition, for a harness that sees into all nodes. Pure; what they are told is a copy
// of what lies in the logs, taken at one moment.

/// A batch as it lies in a replica's log.
struct batch_mark {
  offset first;
  offset last;
  leader_epoch epoch;
  std::uint64_t hash = 0;  ///< of all bytes in which replicas must agree
  producer_id producer = no_producer_id;
  std::int16_t producer_epoch = -1;
  std::int32_t base_sequence = -1;  ///< of control batches and plain producers none
  bool operator==(const batch_mark&) const = default;
};

/// A replica and its log. Ends are exclusive.
struct replica_log {
  node_id node;
  offset log_start{0};
  offset high_watermark{0};
  offset durable_end{0};
  std::vector<batch_mark> batches;  ///< from the one that holds `log_start` on

  offset log_end() const { return batches.empty() ? log_start : batches.back().last + 1; }
};

/// What must hold of replicas.
enum class invariant : std::uint8_t {
  offsets_dense,       ///< batches follow each other without gap or overlap
  epochs_rise,         ///< the epochs of a log's batches do not go down
  ends_ordered,        ///< log start ≤ high watermark ≤ log end, durable end ≤ log end
  sequences_follow,    ///< a producer's batches follow each other, none is there twice
  logs_match,          ///< batches of one offset and epoch are equal on all replicas, and so are those before them
  committed_kept,      ///< what was committed stays
  watermark_covered,   ///< as many replicas as must be in sync reach the high watermark
  watermark_monotone,  ///< under one leader epoch the high watermark does not go back
  one_leader,          ///< an epoch has one leader
  epoch_monotone,      ///< a node's epoch does not go back
  membership,          ///< who may be in sync or eligible
  converged,           ///< after healing all replicas are equal
};

/// A broken invariant, with a sentence that names nodes, offsets and epochs.
struct violation {
  invariant what;
  std::string text;
};

/// What one log shows by itself. `compacted` logs may have gaps, also among a producer's sequences.
std::vector<violation> check_log(const replica_log& log, bool compacted = false);

/// `logs_match` for each pair of `replicas`, as far as their logs overlap.
std::vector<violation> check_matching(std::span<const replica_log> replicas);

/// `watermark_covered`: the high watermark of `leader` is reached by `min_in_sync` of `replicas` (the leader is one of
/// them), by their durable ends when `durable`.
std::optional<violation> check_watermark(const replica_log& leader, std::span<const replica_log> replicas,
                                         std::size_t min_in_sync, bool durable);

/// `converged`: all have the same batches up to the same end, and know all of it as committed.
std::vector<violation> check_converged(std::span<const replica_log> replicas);

/// Who belongs to a partition, as one record of the metadata log says.
struct membership {
  std::vector<node_id> replicas;
  std::vector<node_id> in_sync;
  std::vector<node_id> eligible;  ///< eligible leader replicas (KIP-966)
  std::vector<node_id> fenced;    ///< nodes that are fenced now
  std::size_t min_in_sync = 1;
};

/// `membership`: in sync and eligible are replicas, nobody is both, fenced nodes are not in sync, and there are
/// eligible ones only while fewer than `min_in_sync` are in sync.
std::vector<violation> check_membership(const membership& m);

/// Log matching over all replicas and all time at the cost of a look-up an append: whoever appends a batch of an offset
/// and an epoch must have the same one, behind the same predecessor, as all who ever did. Not for compacted logs.
class matching_watch {
 public:
  /// `node` has appended `batch` behind `before`, null when its log was empty.
  std::optional<violation> appended(node_id node, const batch_mark& batch, const batch_mark* before);

 private:
  struct appearance {
    node_id node;
    batch_mark batch;
    std::optional<batch_mark> before;
  };
  std::map<std::tuple<leader_epoch, offset>, appearance> seen_;
};

/// Everything that was ever committed, as the harness knows it.
class committed_ledger {
 public:
  /// The log up to `up_to` is committed, and `leader` holds it. Cheap enough for each move of a high watermark: looks
  /// only whether the leader's log goes on where the ledger ends; `check_holds` looks at all of it.
  std::optional<violation> commit(const replica_log& leader, offset up_to);

  /// Everything that is committed lies below this offset.
  offset end() const { return batches_.empty() ? offset{0} : batches_.back().last + 1; }

  /// Leader completeness: `log` holds all that was committed, from its start on.
  std::optional<violation> check_holds(const replica_log& log) const;
  /// At least `count_min` of `replicas` hold all that was committed.
  std::optional<violation> check_held_by(std::span<const replica_log> replicas, std::size_t count_min) const;

 private:
  /// The first committed batch that `log` should hold and does not, or null.
  const batch_mark* missing(const replica_log& log) const;

  std::vector<batch_mark> batches_;
};

/// Who led and which epochs nodes knew, over all time.
class leadership_watch {
 public:
  /// `node` acts as leader under `epoch`.
  std::optional<violation> leads(node_id node, leader_epoch epoch);
  /// `node` knows `epoch`, in memory or on its disk. A node whose disk was wiped is forgotten first.
  std::optional<violation> knows(node_id node, leader_epoch epoch);
  void forget(node_id node) { known_.erase(node); }
  /// The leader of `epoch` has its high watermark at `at`.
  std::optional<violation> watermark(leader_epoch epoch, offset at);

 private:
  std::map<leader_epoch, node_id> leaders_;
  std::map<node_id, leader_epoch> known_;
  std::map<leader_epoch, offset> watermarks_;
};

}  // namespace troupe::check
