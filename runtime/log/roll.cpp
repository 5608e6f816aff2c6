#include "runtime/log/roll.hpp"

#include "runtime/log/segment_indexes.hpp"

#include <algorithm>

namespace troupe::log {

std::chrono::milliseconds roll_jitter(offset base, const options& how) {
  const auto most = std::min(how.segment_jitter, how.roll_age()).count();
  if (most <= 0)
    return {};
  // Segments of different logs start at different offsets; a mixed number is as good as a drawn one and repeats itself.
  auto mixed = static_cast<std::uint64_t>(base.value) + 0x9e3779b97f4a7c15ULL;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9ULL;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebULL;
  return std::chrono::milliseconds{static_cast<std::int64_t>((mixed >> 1) % static_cast<std::uint64_t>(most))};
}

bool needs_roll(const roll_facts& active, const batch_head& batch, const options& how, wall_time now) {
  if (batch.last - active.base > relative_offset_max || active.indexes_full)
    return true;
  if (active.size_bytes == 0)
    return false;
  if (static_cast<std::int64_t>(active.size_bytes + batch.size_bytes) > how.segment_bytes)
    return true;
  const bool by_records = active.first_timestamp_ms >= 0 && batch.max_timestamp_ms >= 0;
  const auto waited = by_records ? std::chrono::milliseconds{batch.max_timestamp_ms - active.first_timestamp_ms}
                                 : now - active.seen;
  return waited > how.roll_age() - roll_jitter(active.base, how);
}

}  // namespace troupe::log
