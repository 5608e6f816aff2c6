#pragma once

#include "runtime/base/bytes.hpp"
#include "runtime/base/error.hpp"
#include "runtime/base/ids.hpp"
#include "runtime/log/batch.hpp"

#include <cstdint>

namespace troupe::log {

/// The header of one batch, decoded, with its place in the segment: all that the log keeps books about, so that walking
/// through a file needs no record bytes.
struct batch_head {
  std::uint64_t position = 0;  ///< of the batch in its file
  std::size_t size_bytes = 0;  ///< header included
  offset base;
  offset last;
  leader_epoch epoch;
  std::uint16_t attributes = 0;
  std::int64_t max_timestamp_ms = no_timestamp;
  producer_id producer;
  std::int16_t producer_epoch = -1;
  std::int32_t base_sequence = no_sequence;
  std::int32_t last_sequence = no_sequence;
  std::int32_t record_count = 0;

  offset next() const { return last + 1; }
  std::uint64_t end_position() const { return position + size_bytes; }
  bool has_producer() const { return producer != no_producer_id; }
  bool is_transactional() const { return attributes & attribute::transactional; }
  bool is_control() const { return attributes & attribute::control; }

  /// Decodes the first `batch_header_bytes` of a batch that lies at `position`. Errors: `corrupt_batch`,
  /// `unsupported_format`, `incomplete_batch` when there are fewer bytes than a header has. No CRC is checked.
  static expected<batch_head> decode(bytes_view header, std::uint64_t position);
};

}  // namespace troupe::log
