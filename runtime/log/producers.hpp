#pragma once

#include "runtime/authority/clock.hpp"
#include "runtime/base/error.hpp"
#include "runtime/base/ids.hpp"
#include "runtime/log/batch_head.hpp"
#include "runtime/log/compaction.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

namespace troupe::log {

/// One batch of an idempotent producer that may still be sent again.
struct remembered_batch {
  std::int32_t first_sequence = no_sequence;
  std::int32_t last_sequence = no_sequence;
  offset first;
  offset last;
  std::int64_t timestamp_ms = no_timestamp;  ///< max timestamp
};

/// What the log knows of one producer: epoch, open transaction, and its last five batches (a client keeps at most five
/// in flight).
class producer_state {
 public:
  static constexpr std::size_t window = 5;

  std::int16_t epoch = -1;
  std::int32_t coordinator_epoch = -1;              ///< of the last transaction marker
  std::int64_t last_timestamp_ms = no_timestamp;    ///< decides expiration
  offset current_transaction_start = no_offset;     ///< -1: none open

  /// The remembered batches, oldest first.
  std::span<const remembered_batch> batches() const { return {batches_.data(), count_}; }
  std::int32_t last_sequence() const { return count_ ? batches_[count_ - 1].last_sequence : no_sequence; }
  /// Remembers one more; the oldest of more than five is forgotten.
  void remember(const remembered_batch& b);
  void forget_batches() { count_ = 0; }

 private:
  std::array<remembered_batch, window> batches_;
  std::uint8_t count_ = 0;
};

/// For DescribeProducers.
struct active_producer {
  producer_id id;
  std::int16_t epoch = -1;
  std::int32_t last_sequence = no_sequence;
  std::int64_t last_timestamp_ms = no_timestamp;
  std::int32_t coordinator_epoch = -1;
  offset current_transaction_start = no_offset;
};

/// A coordinator's word that a transaction has ended, as its marker says it (KIP-98, KIP-890).
struct transaction_marker {
  producer_id producer;
  std::int16_t producer_epoch = -1;
  std::int32_t coordinator_epoch = -1;
  bool commits = false;
};

/// A transaction that a marker has ended in this log.
struct ended_transaction {
  producer_id producer;
  offset first;  ///< of its records
  offset last;   ///< of the marker
};

/// The idempotent and transactional producers of one log (KIP-98, KIP-360): finds retries, refuses gaps and old epochs,
/// knows where transactions are open. Pure; owned by the log.
class producers {
 public:
  /// Checks a client's batch that has a producer. A remembered batch with the same sequences: the batch was appended
  /// before. Empty: append it. Errors: `out_of_order_sequence`, `invalid_producer_epoch`, `invalid_transaction_state`
  /// for a batch outside of the transaction that its producer has open.
  expected<std::optional<remembered_batch>> check(const batch_head& batch) const;
  /// Likewise for a coordinator's batch, which has no sequence.
  error check_epoch(const batch_head& batch) const;
  /// Whether a marker may be appended. Errors: `invalid_producer_epoch`, `coordinator_fenced`.
  error check(const transaction_marker& marker) const;

  /// A batch with a producer was appended, or is met while the log is replayed: no checks. Transaction markers go to
  /// `ended`.
  void appended(const batch_head& batch);
  /// A transaction marker was appended, written by a coordinator of that epoch: the transaction that it has ended, if
  /// one was open.
  std::optional<ended_transaction> ended(const batch_head& marker, std::int32_t coordinator_epoch);

  /// What is known of one; null: nothing.
  const producer_state* find(producer_id id) const;

  /// Forgets producers that have been silent for `expiration`; not those with an open transaction. True when any went.
  bool expire(wall_time now, std::chrono::milliseconds expiration);
  /// Where the first transaction starts that is open, or whose marker is not below `high_watermark`.
  std::optional<offset> first_unstable(offset high_watermark) const;
  /// Where the first open transaction starts, and whose it is.
  std::optional<std::pair<offset, producer_id>> first_open() const;
  /// Markers below `high_watermark` have been replicated.
  void forget_ended(offset high_watermark);

  std::vector<active_producer> active() const;
  /// For compaction: the last batch of each.
  std::vector<producer_tail> tails() const;
  std::size_t size() const { return all_.size(); }
  void clear();

  /// The content of a `.snapshot` file (version 1): up to five entries a producer, oldest first, so that Kafka, for
  /// which the last entry counts, reads the same state.
  std::vector<std::uint8_t> encode() const;
  /// Reads one. `corrupt_file` with the reason when version, CRC or counts do not hold.
  static expected<producers> decode(bytes_view content);

 private:
  std::unordered_map<producer_id, producer_state> all_;
  std::map<offset, producer_id> open_;     ///< transactions, by their start
  std::deque<ended_transaction> ended_;    ///< not known to be replicated, oldest first
};

}  // namespace troupe::log
