#pragma once

#include "runtime/authority/clock.hpp"
#include "runtime/base/bounds.hpp"
#include "runtime/base/ids.hpp"
#include "runtime/log/aborted.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// Compaction keeps, for each key, the last record. It works in three steps, so that the partition's actor never does
// the long part:
//   1. the log decides (`plan_compaction`, pure) which of its inactive segments to clean;
//   2. a cleaner rewrites them beside the old ones (`cleaning`, needs only the plan and the disk: inactive segments do
//      not change);
//   3. the log checks that the sources are still its own and swaps the files in (`swap_in_cleaned`, renames only).

namespace troupe::log {

/// What the topic's settings say about compaction.
struct compaction_rules {
  double min_cleanable_ratio = 0.5;                                      ///< min.cleanable.dirty.ratio
  std::chrono::milliseconds min_lag{0};                                  ///< min.compaction.lag.ms
  std::chrono::milliseconds max_lag = std::chrono::milliseconds::max();  ///< max.compaction.lag.ms; max: never forces
  std::chrono::milliseconds delete_retention{std::chrono::hours{24}};    ///< delete.retention.ms, life of tombstones
  std::uint64_t segment_bytes_max = std::uint64_t{1} << 30;  ///< segment.bytes: small segments are joined up to it
  std::uint64_t index_bytes_max = std::uint64_t{10} << 20;   ///< segment.index.bytes
  std::uint32_t index_interval_bytes = 4096;                 ///< index.interval.bytes
};

/// An inactive segment, as the log knows it. Its file is `<directory>/<base, 20 digits>.log` and does not change.
struct segment_facts {
  offset base;
  offset end;                              ///< base of the segment that follows: offsets are in [base, end)
  std::uint64_t size_bytes = 0;            ///< of the log file
  std::uint64_t index_bytes = 0;           ///< of the larger one of its indexes
  std::int64_t first_timestamp_ms = -1;    ///< max timestamp of its first batch; -1 unknown
  std::int64_t largest_timestamp_ms = -1;  ///< -1: no record has one
  friend bool operator==(const segment_facts& a, const segment_facts& b) {
    return a.base == b.base && a.end == b.end && a.size_bytes == b.size_bytes;
  }
};

/// The last offset of the last batch with records of an idempotent producer that the log still remembers. That batch
/// survives, if need be without its records, because the producer's sequence number is read from it after a restart.
struct producer_tail {
  producer_id producer;
  offset last;
};

/// What a log knows of itself when it is asked whether to clean.
struct compaction_input {
  std::string directory;                ///< of the partition
  std::vector<segment_facts> inactive;  ///< all but the active segment, by base offset
  offset log_start{0};
  offset cleaned_to{0};  ///< where the last pass ended (cleaner-offset-checkpoint)
  offset stable_end{0};  ///< nothing from here on: high watermark, first unstable offset
  std::vector<producer_tail> producers;
  std::vector<aborted_transaction> aborted;  ///< all
  std::uint64_t generation = 0;  ///< counts truncations of the log
};

/// Segments to be rewritten into one.
struct cleaning_group {
  std::vector<segment_facts> sources;  ///< neighbours, never empty
  offset base() const { return sources.front().base; }
  offset end() const { return sources.back().end; }
};

/// A pass over a log. Small; travels by value to the cleaner.
struct cleaning_plan {
  std::string directory;
  compaction_rules rules;
  wall_time now;                        ///< decides which tombstones go and until when others stay
  std::vector<segment_facts> segments;  ///< all that may be rewritten, by base offset
  offset first_dirty;                   ///< keys are collected from here on
  offset first_uncleanable;             ///< up to here
  std::vector<producer_tail> producers;
  std::vector<aborted_transaction> aborted;
  std::size_t map_bytes_max = bounds::compaction_map_bytes_max;  ///< memory for the map from key to offset
  std::uint64_t generation = 0;
  double dirty_ratio = 0;  ///< of the bytes; the dirtiest log goes first
  bool forced = false;     ///< by max.compaction.lag.ms, whatever the ratio
};

/// How dirty a log is, and whether max.compaction.lag.ms is over.
struct dirtiness {
  offset first_dirty;
  offset first_uncleanable;
  std::uint64_t clean_bytes = 0;
  std::uint64_t dirty_bytes = 0;
  bool overdue = false;
  double ratio() const;
};

/// The decision's first half, also for the metrics. Never counts what is above `stable_end`, younger than the minimum
/// lag, or in the active segment.
dirtiness measure_dirtiness(const compaction_input& log, const compaction_rules& rules, wall_time now);

/// What to clean; empty when nothing is dirty enough. Pure.
std::optional<cleaning_plan> plan_compaction(compaction_input log, const compaction_rules& rules, wall_time now);

/// Joins neighbours as long as the sum of their sizes and index sizes stays within the rules and all offsets of a group
/// fit the 31 bits of an index entry.
std::vector<cleaning_group> group_segments(const std::vector<segment_facts>& segments, const compaction_rules& rules);

}  // namespace troupe::log
