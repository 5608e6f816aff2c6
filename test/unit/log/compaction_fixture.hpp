#pragma once

#include "bytes.hpp"

#include "runtime/authority/disk.hpp"
#include "runtime/log/cleaned_swap.hpp"
#include "runtime/log/cleaning.hpp"
#include "runtime/log/compaction.hpp"

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace troupe::log::test {

/// A directory that goes with its owner; in memory where the machine has such a file system.
class temporary_directory {
 public:
  temporary_directory();
  ~temporary_directory();
  temporary_directory(const temporary_directory&) = delete;
  temporary_directory& operator=(const temporary_directory&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Segments in Kafka's files and what compaction needs to know of them, without the rest of a log.
class segments {
 public:
  segments(disk& on, std::string directory) : disk_(&on), directory_(std::move(directory)) {}

  /// Appends at the end; the batch gets its offset. Returns the last offset.
  offset append(const byte_slice& batch);
  offset append(const std::vector<simple_record>& records, batch_fields fields = {}) {
    return append(make_batch(records, fields));
  }
  /// Skips offsets, as a compacted leader's followers do.
  void skip_to(offset at);
  /// Ends the active segment: it becomes inactive, a file.
  void roll();

  /// One whole pass over what is inactive; swapped in. Returns the result.
  cleaned_files compact(const compaction_rules& rules, wall_time now, std::size_t map_bytes = 1 << 20);
  compaction_input input() const;
  void apply(const cleaned_files& files);

  offset end() const { return end_; }
  const std::vector<segment_facts>& inactive() const { return inactive_; }
  /// All batches of all segments, the active one included.
  std::string described() const;
  /// The values by key of a reader from the start, tombstones left out.
  std::map<std::string, std::string> table() const;
  byte_vector bytes() const;

  std::vector<producer_tail> producers;
  offset cleaned_to{0};
  offset stable_end{INT64_MAX};

 private:
  disk* disk_;
  std::string directory_;
  std::vector<segment_facts> inactive_;
  byte_vector active_;
  offset active_base_{0};
  offset end_{0};
};

/// The sentence of what is wrong with the indexes of the segment at `base`; empty when nothing is.
std::string index_fault(disk& on, const std::string& directory, offset base);

/// Rules under which everything dirty is cleaned.
inline compaction_rules eager() {
  return {.min_cleanable_ratio = -1, .delete_retention = std::chrono::milliseconds{1000}};
}

}  // namespace troupe::log::test
