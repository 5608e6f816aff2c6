#pragma once

#include "runtime/authority/clock.hpp"
#include "runtime/base/bytes.hpp"
#include "runtime/base/error.hpp"
#include "runtime/base/ids.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace troupe::log {

/// How the records of a batch are compressed; the numbers are those of the attribute bits 0–2.
enum class codec : std::uint8_t { none = 0, gzip = 1, snappy = 2, lz4 = 3, zstd = 4 };

/// Kafka's name of a codec ("none", "gzip", …).
std::string_view to_string(codec c);

/// Who made a batch's timestamps (attribute bit 3).
enum class timestamp_type : std::uint8_t { create_time = 0, log_append_time = 1 };

constexpr std::size_t batch_prefix_bytes = 12;  ///< base offset and length: enough to know a batch's size
constexpr std::size_t batch_header_bytes = 61;  ///< all that stands before the records
constexpr std::int8_t batch_magic = 2;          ///< the only format that is stored (KIP-98)
constexpr std::int64_t no_timestamp = -1;       ///< milliseconds; "the batch has no time"
constexpr std::int32_t no_sequence = -1;        ///< of a producer that is not idempotent

/// The attribute bits of a batch.
namespace attribute {
constexpr std::uint16_t codec_mask = 0x07;
constexpr std::uint16_t log_append_time = 0x08;
constexpr std::uint16_t transactional = 0x10;
constexpr std::uint16_t control = 0x20;
constexpr std::uint16_t delete_horizon = 0x40;  ///< base timestamp is when tombstones may go (KIP-534)
}  // namespace attribute

/// Where a batch's header fields lie.
namespace batch_field {
constexpr std::size_t base_offset = 0, length = 8, leader_epoch = 12, magic = 16, crc = 17, attributes = 21,
                      last_offset_delta = 23, base_timestamp = 27, max_timestamp = 35, producer = 43,
                      producer_epoch = 51, base_sequence = 53, record_count = 57;
}  // namespace batch_field

/// A sum that wraps around as Java's does, for numbers that come from outside.
constexpr std::int64_t wrapping_add(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

/// A difference that wraps around likewise.
constexpr std::int64_t wrapping_sub(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

/// CRC-32C (Castagnoli) of `data`, continued from the finished checksum `before` of the bytes in front of it.
std::uint32_t crc32c(bytes_view data, std::uint32_t before = 0);

/// One record batch of format 2 in bytes that someone else keeps alive. Cheap to copy; every accessor reads the bytes.
/// A view exists only over a batch whose sizes hold; CRC, counts and records are not checked by `parse`.
class batch_view {
 public:
  /// The batch at the start of `bytes`; what follows it is ignored. Errors: `incomplete_batch` when `bytes` ends before
  /// the batch does, `unsupported_format` for magic other than 2, `corrupt_batch` when the length is below the
  /// header's.
  static expected<batch_view> parse(bytes_view bytes);

  bytes_view bytes() const { return bytes_; }  ///< the whole batch, header included
  std::size_t size() const { return bytes_.size(); }
  bytes_view records() const { return bytes_.subspan(batch_header_bytes); }  ///< compressed as `compression` says

  offset base_offset() const { return offset{read64(batch_field::base_offset)}; }
  /// Base offset plus delta; meaningless (but harmless) before `check_header` has passed.
  offset last_offset() const { return offset{wrapping_add(base_offset().value, last_offset_delta())}; }
  offset next_offset() const { return offset{wrapping_add(last_offset().value, 1)}; }
  leader_epoch partition_leader_epoch() const { return leader_epoch{read32(batch_field::leader_epoch)}; }
  std::uint32_t crc() const { return static_cast<std::uint32_t>(read32(batch_field::crc)); }
  std::uint16_t attributes() const;
  std::int32_t last_offset_delta() const { return read32(batch_field::last_offset_delta); }
  std::int64_t base_timestamp_ms() const { return read64(batch_field::base_timestamp); }
  std::int64_t max_timestamp_ms() const { return read64(batch_field::max_timestamp); }
  producer_id producer() const { return producer_id{read64(batch_field::producer)}; }
  std::int16_t producer_epoch() const;
  std::int32_t base_sequence() const { return read32(batch_field::base_sequence); }
  /// The sequence of the last record; wraps from 2^31-1 to 0. -1 when the batch has no sequence.
  std::int32_t last_sequence() const;
  std::int32_t record_count() const { return read32(batch_field::record_count); }

  /// Empty for codec numbers that Kafka does not define.
  std::optional<codec> compression() const;
  timestamp_type time_type() const;
  bool is_transactional() const { return attributes() & attribute::transactional; }
  bool is_control() const { return attributes() & attribute::control; }
  bool has_producer() const { return producer() != no_producer_id; }
  /// When the tombstones in this batch may be removed (KIP-534); then the records' times are relative to it too.
  std::optional<wall_time> delete_horizon() const;

  /// What the CRC field must hold: the CRC-32C from the attributes to the end.
  std::uint32_t computed_crc() const { return crc32c(bytes_.subspan(batch_field::attributes)); }
  /// Whether the checksum holds. Base offset, length, leader epoch and magic are outside of it.
  bool check_crc() const { return crc() == computed_crc(); }
  /// The header alone makes sense: counts and deltas not negative and in agreement, base offset not negative, offsets
  /// that do not overflow, a known codec, the records' bytes enough for the count. For batches from outside and from
  /// the disk.
  error check_header() const;

 private:
  explicit batch_view(bytes_view whole) : bytes_(whole) {}
  std::int64_t read64(std::size_t at) const;
  std::int32_t read32(std::size_t at) const;

  bytes_view bytes_;
};

/// What the first `batch_prefix_bytes` of a batch tell, for walking through a file without reading it whole.
struct batch_prefix {
  offset base;
  std::size_t size_bytes = 0;  ///< of the whole batch

  /// Errors: `incomplete_batch` for fewer than 12 bytes, `corrupt_batch` for a length below the header's.
  static expected<batch_prefix> parse(bytes_view bytes);
};

/// Steps through the batches of a run of bytes.
class batch_run {
 public:
  explicit batch_run(bytes_view run) : run_(run) {}

  /// The next whole batch. An empty optional at the end, and when only a part of a batch is left (`rest` tells them
  /// apart). An error when the bytes are not a batch; the run stays there.
  expected<std::optional<batch_view>> next();
  /// Bytes stepped over so far.
  std::size_t position() const { return position_; }
  /// What has not been stepped over.
  bytes_view rest() const { return run_.subspan(position_); }

 private:
  bytes_view run_;
  std::size_t position_ = 0;
};

/// A batch with another header in front of the same records, so that a batch is changed without copying it. Holds the
/// 61 bytes itself; the records stay where they are.
class batch_header_patch {
 public:
  explicit batch_header_patch(const batch_view& of);

  /// Neither is covered by the CRC.
  void set_base_offset(offset base);
  void set_leader_epoch(leader_epoch epoch);
  /// Turns the batch into one with LogAppendTime: bit and max timestamp; the CRC is computed anew over all records.
  void stamp_append_time(wall_time now);
  /// Sets time type and max timestamp; the CRC is computed anew over all records.
  void set_times(timestamp_type type, std::int64_t max_timestamp_ms);
  /// Puts the same records, packed anew as `packed_as`, behind the header; borrowed. The CRC is computed anew.
  void replace_records(codec packed_as, bytes_view packed);

  /// The new header; lives as long as this object.
  bytes_view header() const { return header_; }
  /// Header and records, for a gathering write.
  std::array<bytes_view, 2> parts() const { return {bytes_view{header_}, records_}; }
  std::size_t size() const { return header_.size() + records_.size(); }
  /// A copy of all in one piece.
  byte_slice joined() const;

 private:
  void renew_crc();

  std::array<std::uint8_t, batch_header_bytes> header_;
  bytes_view records_;
};

}  // namespace troupe::log
