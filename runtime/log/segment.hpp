#pragma once

#include "runtime/authority/clock.hpp"
#include "runtime/log/batch_head.hpp"
#include "runtime/log/log_home.hpp"
#include "runtime/log/segment_indexes.hpp"

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>

namespace troupe::log {

/// One segment of a log: a file of batches, named by its base offset, with its indexes. Opens its files when they are
/// needed; small while they are closed, because a node holds tens of thousands. Owned by the log.
class segment {
 public:
  /// A segment whose file has `size_bytes`; `seen` is when this process met it.
  segment(offset base, std::uint64_t size_bytes, wall_time seen) : base_(base), size_(size_bytes), seen_(seen) {}

  /// A new, empty one: makes its log file. A leftover of that name is emptied.
  static expected<segment> create(const log_home& home, offset base, wall_time now);

  offset base() const { return base_; }
  std::uint64_t size_bytes() const { return size_; }
  wall_time seen() const { return seen_; }

  /// The log file, opened when it was not.
  expected<std::shared_ptr<file>> data(const log_home& home);
  /// The indexes; opened and checked when they were not, built anew when they are not sound (which is noted).
  expected<segment_indexes*> indexes(log_home& home, std::int64_t interval_bytes);
  /// Builds the indexes from the batches and writes them if the disk takes it. `why` goes into the note.
  error rebuild_indexes(log_home& home, std::int64_t interval_bytes, const std::string& why);
  /// Starts with empty indexes in memory, for a caller who will `note` every batch.
  error start_indexes(const log_home& home);

  /// Writes `parts`, which make up `batches`, at the end with a single call. On an error the file's end is not known.
  error append(const log_home& home, std::span<const bytes_view> parts, std::span<const batch_head> batches,
               std::int64_t index_interval_bytes);
  /// The caller has walked through the file and found that its batches end here.
  void set_size(std::uint64_t size_bytes) { size_ = size_bytes; }

  /// The batch that holds `at`, or the first one behind it where there is a gap; empty when it lies behind the last.
  expected<std::optional<batch_head>> find(log_home& home, offset at, std::int64_t interval_bytes);
  /// The batch boundary nearest before or at `position` that is cheap to know, at or behind `known`, which is one.
  expected<std::uint64_t> boundary_before(log_home& home, std::uint64_t position, std::uint64_t known,
                                          std::int64_t interval_bytes);

  /// Max timestamp of the first batch; -1 when there is none.
  expected<std::int64_t> first_timestamp(const log_home& home);
  /// The largest timestamp and the last offset of the batch that first has it; -1 when no record has a time.
  expected<time_point_entry> largest_timestamp(log_home& home, std::int64_t interval_bytes);

  /// Bytes of the larger one of its indexes.
  expected<std::uint64_t> index_bytes(log_home& home, std::int64_t interval_bytes);

  /// Cuts the file at `position`, the start of the batch at or behind offset `to`.
  error truncate(log_home& home, std::uint64_t position, offset to, std::int64_t interval_bytes);
  /// Lets go of all files; the indexes must have been flushed.
  void close_files();
  /// Lets go of all files of a segment that is going to be removed.
  void abandon_files();
  bool is_open() const { return data_ || indexes_; }
  bool has_indexes() const { return indexes_ != nullptr; }
  /// The indexes if they are open.
  segment_indexes* open_indexes() { return indexes_.get(); }

  bool dirty = false;  ///< the active one: written to since the last ticket took the file along

 private:
  static constexpr std::int64_t not_looked_up = std::numeric_limits<std::int64_t>::min();

  expected<std::optional<batch_head>> find_from(file& in, std::uint64_t position, offset at) const;
  /// Empty optional: the index points at no such batch.
  expected<std::optional<std::uint64_t>> start_of_search(log_home& home, offset at, std::int64_t interval_bytes);

  offset base_;
  std::uint64_t size_;
  wall_time seen_;
  std::int64_t first_timestamp_ms_ = not_looked_up;
  std::int64_t largest_timestamp_ms_ = not_looked_up;  // of a segment whose indexes are closed
  std::int32_t largest_relative_ = 0;
  std::uint32_t index_bytes_ = 0;  // likewise
  std::shared_ptr<file> data_;
  std::unique_ptr<segment_indexes> indexes_;
};

}  // namespace troupe::log
