#pragma once

#include "runtime/authority/disk.hpp"
#include "runtime/base/error.hpp"
#include "runtime/log/batch.hpp"
#include "runtime/log/cleaning.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe::log {

constexpr std::uint64_t segment_position_max = 0x7fffffff;  ///< positions in an index are 31 bits

/// Entries of a segment's two indexes, collected in memory while its batches are written one after the other.
class index_collector {
 public:
  index_collector(offset base, std::uint32_t interval_bytes, std::uint64_t bytes_max)
      : base_(base), interval_bytes_(interval_bytes), bytes_max_(bytes_max) {}

  /// A batch was written at `position`. Where position or relative offset do not fit an entry none is made: a reader
  /// then starts from an earlier one (KAFKA-6264).
  void note(const batch_view& batch, std::uint64_t position);
  /// The files' contents; `finish` has been called.
  const std::vector<std::uint8_t>& offsets() const { return offsets_; }
  const std::vector<std::uint8_t>& times() const { return times_; }
  /// Adds the last entry of the time index, which always tells the segment's largest timestamp.
  void finish();
  std::int64_t largest_timestamp_ms() const { return largest_ms_; }

 private:
  void add_time();
  bool fits(offset at) const { return at - base_ <= INT32_MAX; }

  offset base_;
  std::uint32_t interval_bytes_;
  std::uint64_t bytes_max_;
  std::uint64_t since_last_ = 0;
  std::int64_t largest_ms_ = no_timestamp;
  std::int64_t last_time_ms_ = no_timestamp;
  offset largest_at_{0};
  std::vector<std::uint8_t> offsets_;
  std::vector<std::uint8_t> times_;
};

/// Writes the batches that survive a cleaning to `<base>.log.cleaned`, and the indexes beside it.
class segment_rewriter {
 public:
  /// Makes the file, replacing a left-over one.
  static expected<segment_rewriter> create(disk& on, const std::string& directory, offset base,
                                           const compaction_rules& rules);

  /// Appends one batch, through a buffer.
  error add(const batch_view& batch);
  /// Writes the rest and the indexes, syncs all files (not the directory) and tells what was written. `aborted`: what
  /// the segment's index of aborted transactions says, where one of the old segments had one.
  expected<cleaned_group> finish(cleaning_group replaces, std::optional<std::vector<aborted_transaction>> aborted);
  std::uint64_t size_bytes() const { return written_ + buffer_.size(); }

 private:
  segment_rewriter(disk& on, std::string path, std::shared_ptr<file> log, index_collector indexes)
      : disk_(&on), path_(std::move(path)), log_(std::move(log)), indexes_(std::move(indexes)) {}
  error flush();
  error write_index(const std::string& suffix, const std::vector<std::uint8_t>& content);

  disk* disk_;
  std::string path_;  // without suffix
  std::shared_ptr<file> log_;
  index_collector indexes_;
  std::vector<std::uint8_t> buffer_;
  std::uint64_t written_ = 0;
  std::int64_t first_timestamp_ms_ = no_timestamp;
  std::optional<offset> end_;
};

}  // namespace troupe::log
