#pragma once

#include "runtime/authority/clock.hpp"
#include "runtime/log/batch_head.hpp"
#include "runtime/log/options.hpp"

#include <cstdint>

namespace troupe::log {

/// What decides whether the active segment is closed before the next batch.
struct roll_facts {
  offset base;
  std::uint64_t size_bytes = 0;
  std::int64_t first_timestamp_ms = no_timestamp;  ///< max timestamp of its first batch
  wall_time seen;                                  ///< made, or opened after a start
  bool indexes_full = false;
};

/// Whether `batch` goes into a new segment: the active one would grow beyond segment.bytes, is older than segment.ms
/// or, where it is compacted, max.compaction.lag.ms (by the records' times where they have any, as Kafka measures it),
/// has a full index, or cannot express the batch's offsets.
bool needs_roll(const roll_facts& active, const batch_head& batch, const options& how, wall_time now);

/// How much earlier than segment.ms the segment at `base` rolls: up to segment.jitter.ms, the same every time it is
/// asked.
std::chrono::milliseconds roll_jitter(offset base, const options& how);

}  // namespace troupe::log
