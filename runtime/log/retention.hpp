#pragma once

#include "runtime/authority/clock.hpp"
#include "runtime/base/ids.hpp"
#include "runtime/log/options.hpp"

#include <cstdint>
#include <span>

namespace troupe::log {

/// What retention looks at in one segment.
struct retained_segment {
  offset end;                        ///< base of the segment behind it; of the active one the log's end
  std::uint64_t size_bytes = 0;
  std::int64_t largest_timestamp_ms = no_timestamp;
  wall_time seen;                    ///< when this process met the segment; stands in for times that are no help
};

/// How many segments from the oldest on can go: past retention.ms, beyond retention.bytes, or below the log's start;
/// never one that reaches above the high watermark. May be all of them by age: the active one has to be rolled first
/// then. Segments without times, or with times in the future (KIP-937), age from when they were first seen.
std::size_t segments_to_delete(std::span<const retained_segment> oldest_first, const options& how, offset log_start,
                               offset high_watermark, wall_time now);

}  // namespace troupe::log
