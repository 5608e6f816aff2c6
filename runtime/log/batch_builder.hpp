#pragma once

#include "runtime/base/bytes.hpp"
#include "runtime/log/batch.hpp"
#include "runtime/log/compression.hpp"
#include "runtime/log/record.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace troupe::log {

/// What the header of a batch to be built shall say.
struct batch_fields {
  offset base_offset{0};
  leader_epoch partition_leader_epoch = no_epoch;
  codec compression = codec::none;
  compression_levels levels;
  timestamp_type time_type = timestamp_type::create_time;
  producer_id producer = no_producer_id;
  std::int16_t producer_epoch = -1;
  std::int32_t base_sequence = no_sequence;
  bool transactional = false;
  bool control = false;
  std::optional<wall_time> delete_horizon;  ///< KIP-534; then the base timestamp is this

  /// The fields of an existing batch, for building its like.
  static batch_fields like(const batch_view& batch);
};

/// A record to be added to a batch; borrowed bytes.
struct record_fields {
  std::int64_t timestamp_ms = 0;
  nullable_bytes key;
  nullable_bytes value;
  std::span<const header_view> headers;
};

/// Builds one record batch of format 2. Not thread-safe; use once.
class batch_builder {
 public:
  explicit batch_builder(batch_fields fields) : fields_(fields) {}

  /// Adds a record at the next offset.
  void add(const record_fields& record);
  /// Adds a record at `offset_delta`, which must be above the last one's.
  void add_at(std::int32_t offset_delta, const record_fields& record);
  /// Adds a record of another batch whose base timestamp is `its_base_timestamp_ms`, at the same offset delta.
  void add_from(const record_view& record, std::int64_t its_base_timestamp_ms);
  /// Starts with this base timestamp instead of that of the first record; before any `add`.
  void set_base_timestamp(std::int64_t ms);
  /// Lets the batch end later than its last record, as compaction does.
  void set_last_offset_delta(std::int32_t delta) { last_offset_delta_ = delta; }
  /// Overrides the largest timestamp of the records (LogAppendTime).
  void set_max_timestamp(std::int64_t ms) { max_timestamp_ms_ = ms; }

  std::int32_t record_count() const { return count_; }
  /// Bytes of the records so far, before compression.
  std::size_t plain_bytes() const { return records_.size(); }

  /// The batch, with its CRC. An empty batch is allowed: a header alone, never compressed bytes. Errors: those of
  /// `compress`.
  expected<byte_slice> finish() &&;

 private:
  void begin(std::int32_t offset_delta, std::int64_t timestamp_ms);
  void write_header(std::span<std::uint8_t> header, std::size_t records_size) const;

  batch_fields fields_;
  std::vector<std::uint8_t> records_;
  std::int32_t count_ = 0;
  std::int32_t next_delta_ = 0;
  std::int32_t last_offset_delta_ = -1;  // -1: that of the last record
  std::optional<std::int64_t> base_timestamp_ms_;
  std::int64_t largest_ms_ = no_timestamp;
  std::optional<std::int64_t> max_timestamp_ms_;
};

}  // namespace troupe::log
