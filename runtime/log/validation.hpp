#pragma once

#include "runtime/authority/clock.hpp"
#include "runtime/base/bytes.hpp"
#include "runtime/base/error.hpp"
#include "runtime/log/batch.hpp"
#include "runtime/log/compression.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace troupe::log {

/// What a topic's settings demand of a batch from a client.
struct batch_rules {
  std::size_t batch_bytes_max = 1'048'588;                 ///< max.message.bytes
  timestamp_type time_type = timestamp_type::create_time;  ///< message.timestamp.type
  std::chrono::milliseconds before_max =
      std::chrono::milliseconds::max();                        ///< message.timestamp.before.max.ms; max: off
  std::chrono::milliseconds after_max{std::chrono::hours{1}};  ///< message.timestamp.after.max.ms; max: off
  std::optional<codec> compression;  ///< compression.type; empty means "producer": as the client packed it
  compression_levels levels;
  bool keys_required = false;  ///< cleanup.policy contains compact
};

/// A batch that may be appended.
struct valid_batch {
  byte_slice bytes;          ///< keeps what `patch` borrows alive; the client's own bytes unless it was packed anew
  batch_header_patch patch;  ///< the batch to append; base offset and leader epoch are still to be set
  std::int64_t max_timestamp_ms = no_timestamp;
  std::int32_t last_offset_delta = 0;  ///< also the place of the max timestamp for the time index, as Kafka counts it
  std::size_t size() const { return patch.size(); }
};

/// What a leader checks before it appends a client's `records`, in Kafka's order and with Kafka's answers. The records
/// are looked at one by one only where a rule asks about single records (keys, `before_max`, another codec): else the
/// header, whose maximum timestamp bounds all of them, and the CRC are enough. Errors: `invalid_record` for not exactly
/// one batch, counts that disagree, a base offset that is not 0, a producer without epoch or sequence, a control batch,
/// a record without the key that the topic needs; `batch_too_large`; `unsupported_format`; `unsupported_compression`;
/// `corrupt_batch`; `invalid_timestamp`; `output_limit`.
expected<valid_batch> validate_batch(const byte_slice& records, const batch_rules& rules, wall_time now);

/// One record for which its whole batch was refused (KIP-467).
struct rejected_record {
  std::int32_t index;  ///< its place in the batch
  std::string why;
};

/// The records to blame for a refusal of `validate_batch` with `invalid_timestamp` or `invalid_record`, for the
/// producer's sake; at most `bounds::rejected_records_max`. Empty where the batch as a whole is at fault.
std::vector<rejected_record> rejected_records(const byte_slice& records, const batch_rules& rules, wall_time now);

}  // namespace troupe::log
