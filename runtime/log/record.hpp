#pragma once

#include "runtime/base/bytes.hpp"
#include "runtime/base/error.hpp"
#include "runtime/log/batch.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace troupe::log {

/// Bytes that may be absent altogether (null), which is not the same as empty.
using nullable_bytes = std::optional<bytes_view>;

/// One header of a record; borrowed bytes.
struct header_view {
  bytes_view key;
  nullable_bytes value;
};

/// One record inside the (unpacked) records of a batch; everything points into those bytes. Headers were checked when
/// the record was read and are decoded on demand.
struct record_view {
  std::int64_t timestamp_delta = 0;  ///< milliseconds after the batch's base timestamp
  std::int32_t offset_delta = 0;     ///< after the batch's base offset
  nullable_bytes key;
  nullable_bytes value;  ///< null: a tombstone in a compacted topic
  std::int32_t header_count = 0;
  bytes_view header_bytes;  ///< as they lie in the record
  bytes_view encoded;       ///< the whole record with its length in front

  /// The headers, decoded; small allocations, for those who look at them.
  std::vector<header_view> headers() const;
};

/// The records of one batch, unpacked. Keeps unpacked bytes itself; for a batch that is not compressed it borrows the
/// batch's own bytes, which must outlive it.
class unpacked_records {
 public:
  /// Errors: those of `decompress`, and `unsupported_compression`.
  static expected<unpacked_records> of(const batch_view& batch, std::size_t max_bytes);

  bytes_view bytes() const { return owned_.empty() ? borrowed_ : bytes_view{owned_}; }
  std::int32_t count() const { return count_; }

 private:
  std::vector<std::uint8_t> owned_;
  bytes_view borrowed_;
  std::int32_t count_ = 0;
};

/// Steps through records, trusting nothing: each length must lie inside what is left, a record must end where its
/// length says, and after the last one nothing may be left.
class record_run {
 public:
  record_run(bytes_view records, std::int32_t count) : left_(records), count_(count) {}
  explicit record_run(const unpacked_records& records) : record_run(records.bytes(), records.count()) {}

  /// The next record, an empty optional after the last, or `corrupt_batch`.
  expected<std::optional<record_view>> next();

 private:
  bytes_view left_;
  std::int32_t count_;
};

}  // namespace troupe::log
