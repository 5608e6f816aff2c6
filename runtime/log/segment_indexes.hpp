#pragma once

#include "runtime/log/batch_head.hpp"
#include "runtime/log/index_file.hpp"
#include "runtime/log/log_home.hpp"

#include <cstdint>
#include <limits>
#include <optional>

namespace troupe::log {

/// An entry of the offset index: a batch lies at `position`, and `relative` is the distance of its last offset from the
/// segment's base.
struct offset_point {
  std::int32_t relative = 0;
  std::uint32_t position = 0;
};

/// An entry of the time index: `timestamp_ms` is the largest of all records up to the entry, first reached in the batch
/// whose last offset is `relative` after the segment's base.
struct time_point_entry {
  std::int64_t timestamp_ms = no_timestamp;
  std::int32_t relative = 0;
};

/// Largest distance from a segment's base that the indexes can express.
constexpr std::int64_t relative_offset_max = std::numeric_limits<std::int32_t>::max();

/// The sparse offset index and time index of one segment, in Kafka's files `.index` and `.timeindex`. They are
/// derived from the batches: whatever is wrong with them is mended by building them anew. Owned by one segment.
class segment_indexes {
 public:
  segment_indexes(const log_home& home, offset base);

  /// Takes the files over. `corrupt_file` when they are missing, or their sizes or last entries do not fit a log file
  /// of `log_bytes`.
  error open(const log_home& home, std::uint64_t log_bytes);
  /// Forgets everything, for building anew.
  error clear(const log_home& home);
  /// Puts both files in the place of what is there, as `index_file::replace` does.
  error replace(const log_home& home);

  /// A batch was appended: adds entries once more than `interval_bytes` have gone by since the last ones.
  void note(const batch_head& batch, std::int64_t interval_bytes);
  /// The segment takes no more batches for now: the time index gets the largest timestamp as its last entry.
  void seal();
  /// No room for an entry more in files of at most `bytes_max` each.
  bool full(std::int64_t bytes_max) const;

  /// The last entry at or below `relative`; {0, 0} before the first.
  expected<offset_point> floor_offset(std::int64_t relative) const;
  /// The last entry at or before `position`; {0, 0} before the first.
  expected<offset_point> floor_position(std::uint64_t position) const;
  /// The last entry with a timestamp at or below `timestamp_ms`; timestamp -1 before the first.
  expected<time_point_entry> floor_time(std::int64_t timestamp_ms) const;
  expected<offset_point> last_offset_point() const;
  expected<time_point_entry> last_time_point() const;
  std::uint64_t bytes() const;

  /// The largest timestamp so far with its place; known for segments that were written or walked through.
  const time_point_entry& largest() const { return largest_; }
  void set_largest(const time_point_entry& largest) { largest_ = largest; }
  /// Bytes of batches behind the last entry.
  void set_bytes_since_entry(std::uint64_t bytes) { bytes_since_entry_ = static_cast<std::int64_t>(bytes); }

  /// Forgets what points at or behind `position` and offset `relative`.
  error truncate(const log_home& home, std::uint64_t position, std::int64_t relative);
  bool has_pending() const { return offsets_.has_pending() || times_.has_pending(); }
  /// Writes both files; not synced.
  error flush(const log_home& home);
  const index_file& offset_file() const { return offsets_; }
  const index_file& time_file() const { return times_; }

 private:
  expected<offset_point> offset_at(std::uint32_t n) const;
  expected<time_point_entry> time_at(std::uint32_t n) const;
  void push_time(const time_point_entry& entry);

  offset base_;
  index_file offsets_;
  index_file times_;
  std::int64_t bytes_since_entry_ = 0;
  time_point_entry largest_;
  std::int64_t last_indexed_timestamp_ms_ = no_timestamp;
};

}  // namespace troupe::log
