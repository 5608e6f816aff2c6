#pragma once

#include "runtime/log/batch.hpp"
#include "runtime/log/compaction.hpp"
#include "runtime/log/compression.hpp"
#include "runtime/log/validation.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>

namespace troupe::log {

/// When an append with acks=all counts as done (topic setting `durability`).
enum class durability : std::uint8_t {
  fsync,       ///< after a sync on every replica in sync
  replicated,  ///< when every replica in sync has it, as Kafka does; the system writes it back when it likes
  interval,    ///< as `replicated`, with a sync every flush.messages or flush.ms
};

/// The effective settings of one topic as far as its logs need them; names and defaults are Kafka's. A value type,
/// replaced as a whole when settings change.
struct options {
  /// For settings whose "off" is the largest number.
  static constexpr auto forever = std::chrono::milliseconds::max();
  /// For record and byte counts likewise.
  static constexpr auto unlimited = std::numeric_limits<std::int64_t>::max();

  // Segments.
  std::int64_t segment_bytes = std::int64_t{1} << 30;       ///< segment.bytes; at most 2^31-1
  std::chrono::milliseconds segment_age{std::chrono::hours{168}};  ///< segment.ms
  std::chrono::milliseconds segment_jitter{0};              ///< segment.jitter.ms
  std::int32_t segment_index_bytes = 10 << 20;              ///< segment.index.bytes
  std::int32_t index_interval_bytes = 4096;                 ///< index.interval.bytes

  // What is thrown away when.
  bool cleanup_delete = true;                                    ///< cleanup.policy contains delete
  bool cleanup_compact = false;                                  ///< cleanup.policy contains compact
  std::chrono::milliseconds retention{std::chrono::hours{168}};  ///< retention.ms; negative: for ever
  std::int64_t retention_bytes = -1;                             ///< retention.bytes; negative: no limit
  std::chrono::milliseconds file_delete_delay{60'000};           ///< file.delete.delay.ms
  std::chrono::milliseconds delete_retention{std::chrono::hours{24}};  ///< delete.retention.ms, life of tombstones
  std::chrono::milliseconds min_compaction_lag{0};               ///< min.compaction.lag.ms
  std::chrono::milliseconds max_compaction_lag = forever;        ///< max.compaction.lag.ms
  double min_cleanable_dirty_ratio = 0.5;                        ///< min.cleanable.dirty.ratio

  // What is taken.
  std::int32_t max_message_bytes = 1'048'588;                    ///< max.message.bytes, of a whole batch
  timestamp_type message_timestamp_type = timestamp_type::create_time;
  std::chrono::milliseconds timestamp_before_max = forever;      ///< message.timestamp.before.max.ms
  std::chrono::milliseconds timestamp_after_max{3'600'000};      ///< message.timestamp.after.max.ms
  std::optional<codec> compression;                              ///< compression.type; empty: `producer`
  compression_levels levels;                                     ///< compression.{gzip,lz4,zstd}.level

  // What is promised.
  enum durability durability = durability::fsync;  ///< durability
  std::int64_t flush_messages = unlimited;          ///< flush.messages, records
  std::chrono::milliseconds flush_age = forever;    ///< flush.ms
  std::int32_t min_in_sync_replicas = 1;            ///< min.insync.replicas; not the log's business, rides along

  // Of the broker, not of the topic.
  std::chrono::milliseconds producer_expiration{86'400'000};  ///< producer.id.expiration.ms

  bool compacts() const { return cleanup_compact; }
  bool deletes() const { return cleanup_delete; }

  /// How long a segment takes appends: a compacted topic's must become cleanable in time.
  std::chrono::milliseconds roll_age() const {
    return cleanup_compact ? std::min(segment_age, max_compaction_lag) : segment_age;
  }

  /// What a client's batch is checked against.
  batch_rules rules_for_batches() const;
  /// What compaction goes by.
  compaction_rules rules_for_compaction() const;
  /// How many 8-byte entries of the offset index fit; the time index (12 bytes an entry) fits fewer.
  std::size_t index_entries_max(std::size_t entry_bytes) const;
};

}  // namespace troupe::log
