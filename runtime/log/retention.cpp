#include "runtime/log/retention.hpp"

#include <algorithm>

namespace troupe::log {

namespace {

bool expired(const retained_segment& s, const options& how, wall_time now) {
  if (how.retention.count() < 0)
    return false;
  const bool helps = s.largest_timestamp_ms >= 0 && s.largest_timestamp_ms <= to_ms(now);
  return now - (helps ? from_ms(s.largest_timestamp_ms) : s.seen) > how.retention;
}

}  // namespace

std::size_t segments_to_delete(std::span<const retained_segment> oldest_first, const options& how, offset log_start,
                               offset high_watermark, wall_time now) {
  std::uint64_t total = 0;
  for (const auto& s : oldest_first)
    total += s.size_bytes;
  std::size_t count = 0;
  for (const auto& s : oldest_first) {
    const bool active = &s == &oldest_first.back();
    if (s.end > high_watermark || (active && s.size_bytes == 0))
      break;
    const bool below_start = !active && s.end <= log_start;
    // What stays must still have at least retention.bytes.
    const bool too_much = how.deletes() && how.retention_bytes >= 0 && !active
                          && total - s.size_bytes >= static_cast<std::uint64_t>(how.retention_bytes);
    const bool too_old = how.deletes() && expired(s, how, now);
    if (!below_start && !too_much && !too_old)
      break;
    total -= s.size_bytes;
    ++count;
  }
  return count;
}

}  // namespace troupe::log
