#include "runtime/log/compaction.hpp"

#include <algorithm>
#include <limits>

namespace troupe::log {

namespace {

constexpr std::int64_t offset_range_max = std::numeric_limits<std::int32_t>::max();

// Where the last pass ended, brought inside the log: retention or DeleteRecords may have passed it, or the log was
// truncated below it (then everything is dirty again).
offset first_dirty_of(const compaction_input& log) {
  const auto end = log.inactive.empty() ? log.log_start : log.inactive.back().end;
  if (log.cleaned_to > end || log.cleaned_to < log.log_start)
    return log.log_start;
  return log.cleaned_to;
}

bool too_young(const segment_facts& segment, const compaction_rules& rules, wall_time now) {
  return rules.min_lag.count() > 0 && segment.largest_timestamp_ms > to_ms(now) - rules.min_lag.count();
}

bool waited_too_long(const segment_facts& segment, const compaction_rules& rules, wall_time now) {
  if (rules.max_lag == std::chrono::milliseconds::max() || segment.first_timestamp_ms < 0)
    return false;
  return segment.first_timestamp_ms < to_ms(now) - std::max(rules.max_lag, rules.min_lag).count();
}

bool is_dirty(const segment_facts& segment, offset first_dirty) {
  return segment.end > first_dirty;
}

offset first_uncleanable_of(const compaction_input& log, const compaction_rules& rules, offset first_dirty,
                            wall_time now) {
  auto limit = log.inactive.empty() ? first_dirty : std::min(log.stable_end, log.inactive.back().end);
  for (const auto& segment : log.inactive)
    if (is_dirty(segment, first_dirty) && too_young(segment, rules, now)) {
      limit = std::min(limit, segment.base);
      break;
    }
  return std::max(limit, first_dirty);
}

}  // namespace

double dirtiness::ratio() const {
  const auto all = clean_bytes + dirty_bytes;
  return all == 0 ? 0.0 : static_cast<double>(dirty_bytes) / static_cast<double>(all);
}

dirtiness measure_dirtiness(const compaction_input& log, const compaction_rules& rules, wall_time now) {
  dirtiness found;
  found.first_dirty = first_dirty_of(log);
  found.first_uncleanable = first_uncleanable_of(log, rules, found.first_dirty, now);
  for (const auto& segment : log.inactive) {
    if (!is_dirty(segment, found.first_dirty)) {
      found.clean_bytes += segment.size_bytes;
      continue;
    }
    if (segment.base >= found.first_uncleanable)
      break;
    found.dirty_bytes += segment.size_bytes;
    found.overdue = found.overdue || waited_too_long(segment, rules, now);
  }
  return found;
}

std::optional<cleaning_plan> plan_compaction(compaction_input log, const compaction_rules& rules, wall_time now) {
  const auto dirt = measure_dirtiness(log, rules, now);
  if (dirt.dirty_bytes == 0 || dirt.first_uncleanable <= dirt.first_dirty)
    return std::nullopt;
  if (!dirt.overdue && dirt.ratio() <= rules.min_cleanable_ratio)
    return std::nullopt;
  cleaning_plan plan;
  plan.directory = std::move(log.directory);
  plan.rules = rules;
  plan.now = now;
  for (const auto& segment : log.inactive)
    if (segment.base < dirt.first_uncleanable)
      plan.segments.push_back(segment);
  plan.first_dirty = dirt.first_dirty;
  plan.first_uncleanable = dirt.first_uncleanable;
  plan.producers = std::move(log.producers);
  plan.aborted = std::move(log.aborted);
  plan.generation = log.generation;
  plan.dirty_ratio = dirt.ratio();
  plan.forced = dirt.overdue;
  return plan;
}

std::vector<cleaning_group> group_segments(const std::vector<segment_facts>& segments, const compaction_rules& rules) {
  std::vector<cleaning_group> groups;
  std::uint64_t size = 0, index = 0;
  for (const auto& segment : segments) {
    // Also with a segment of its own a group must fit an index entry; the log rolls in time for that.
    const bool joins = !groups.empty() && size + segment.size_bytes <= rules.segment_bytes_max
                       && index + segment.index_bytes <= rules.index_bytes_max
                       && segment.end - groups.back().base() - 1 <= offset_range_max;
    if (!joins) {
      groups.emplace_back();
      size = index = 0;
    }
    groups.back().sources.push_back(segment);
    size += segment.size_bytes;
    index += segment.index_bytes;
  }
  return groups;
}

}  // namespace troupe::log
