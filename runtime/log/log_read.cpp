// The reading side of `log`: where the records from an offset on lie, and which offset belongs to a time.

#include "runtime/log/batch_walk.hpp"
#include "runtime/log/errors.hpp"
#include "runtime/log/log_state.hpp"
#include "runtime/log/time_search.hpp"

#include <algorithm>

namespace troupe::log {

namespace {

/// A part of one segment, from batch boundary to batch boundary.
struct span_of_batches {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  offset next;  ///< base offset of the batch at `end`, or a lower one without records between
};

/// What limits a read.
struct read_limits {
  std::uint64_t bytes = 0;
  offset below;
  bool at_least_one_batch = false;
};

}  // namespace

std::vector<segment>::iterator log_state::segment_of(offset at) {
  const auto next = std::upper_bound(segments.begin(), segments.end(), at,
                                     [](offset o, const segment& s) { return o < s.base(); });
  return next == segments.begin() ? next : std::prev(next);
}

offset log_state::end_of(std::vector<segment>::const_iterator s) const {
  const auto next = std::next(s);
  if (next != segments.end())
    return next->base();
  return damage ? damaged_at : log_end;
}

// Readers that go through old segments would leave one open file each behind.
void log_state::limit_open_files(const segment& keep) {
  if (!keep.is_open() || &keep == last_limited)
    return;  // nothing was opened since
  last_limited = &keep;
  std::size_t open = 0;
  for (const auto& s : segments)
    open += s.is_open();
  for (auto s = segments.begin(); open > open_inactive_max + 1 && s != segments.end(); ++s) {
    if (&*s == &keep || &*s == active() || !s->is_open())
      continue;
    if (auto* indexes = s->open_indexes(); indexes && indexes->has_pending()) {
      if (indexes->flush(home))
        continue;
    }
    s->close_files();
    --open;
  }
}

void log_state::forget_positions() {
  marks = {};
  last_limited = nullptr;
  starts.clear();
}

void log_state::remember(const reader_mark& mark) {
  marks[next_mark] = mark;
  next_mark = (next_mark + 1) % marks.size();
}

namespace {

// Where the batch with `at` starts, from memory only.
std::optional<std::uint64_t> known_position(log_state& s, const segment& in, offset at) {
  if (at <= in.base())
    return 0;
  for (const auto& mark : s.marks)
    if (mark.at == at && mark.segment_base == in.base())
      return mark.position;
  if (&in != s.active() || s.starts.empty() || at < s.starts.front().base)
    return std::nullopt;
  if (at >= s.log_end)
    return in.size_bytes();
  const auto next = std::upper_bound(s.starts.begin(), s.starts.end(), at,
                                     [](offset o, const batch_start& b) { return o < b.base; });
  return std::prev(next)->position;
}

// The start of the batch that holds `at` or follows it; the segment's end when there is none.
expected<std::uint64_t> position_of(log_state& s, segment& in, offset at) {
  if (const auto known = known_position(s, in, at))
    return *known;
  auto batch = in.find(s.home, at, s.how.index_interval_bytes);
  if (!batch)
    return batch.error();
  return *batch ? (*batch)->position : in.size_bytes();
}

// Steps over batches from `begin` while they end at or before `hard_end`.
expected<span_of_batches> walk_span(log_state& s, segment& in, std::uint64_t begin, std::uint64_t hard_end, offset from,
                                    const read_limits& limits) {
  span_of_batches span{begin, begin, from};
  auto boundary = in.boundary_before(s.home, hard_end, begin, s.how.index_interval_bytes);
  if (!boundary)
    return boundary.error();
  auto file = in.data(s.home);
  if (!file)
    return file.error();
  batch_walk walk{**file, *boundary, in.size_bytes()};
  span.end = *boundary;
  while (true) {
    auto batch = walk.next();
    if (!batch)
      return batch.error();
    if (!*batch) {
      span.next = std::max(span.next, s.end_of(s.segment_of(in.base())));
      return span;
    }
    span.next = (*batch)->base;
    const bool first = span.end == begin;
    const bool fits = walk.position() <= hard_end || (first && limits.at_least_one_batch);
    if (!fits || (*batch)->last >= limits.below)
      return span;
    span.end = walk.position();
    span.next = (*batch)->next();
  }
}

expected<span_of_batches> find_span(log_state& s, std::vector<segment>::iterator in, offset from,
                                    const read_limits& limits) {
  auto begin = position_of(s, *in, from);
  if (!begin)
    return begin.error();
  const auto segment_end = s.end_of(in);
  auto readable = in->size_bytes();
  auto next = segment_end;
  if (limits.below < segment_end) {
    auto limit = position_of(s, *in, limits.below);
    if (!limit)
      return limit.error();
    readable = *limit;
    next = limits.below;
    s.remember({limits.below, in->base(), readable});
  }
  if (*begin >= readable)
    return span_of_batches{*begin, *begin, next};
  if (readable - *begin <= limits.bytes)
    return span_of_batches{*begin, readable, next};
  return walk_span(s, *in, *begin, *begin + limits.bytes, from, limits);
}

error out_of_range(const log_state& s, offset from) {
  return make_error(errc::offset_out_of_range, s.home.directory + ": offset " + std::to_string(from.value)
                                                 + " is outside " + std::to_string(s.log_start.value) + ".."
                                                 + std::to_string(s.log_end.value));
}

error failed_read(const log_state& s, const error& why) {
  if (is_error(why, error_domain::log, static_cast<std::uint8_t>(errc::corrupt_batch)))
    return why;
  return make_error(errc::storage_failed, s.home.directory + ": " + render(why));
}

}  // namespace

expected<read_result> log::read(offset from, std::size_t max_bytes, offset upper_limit, bool at_least_one_batch) {
  auto& s = *state_;
  if (from < s.log_start || from > s.log_end)
    return out_of_range(s, from);
  const auto readable_end = s.damage ? s.damaged_at : s.log_end;
  if (s.damage && from >= readable_end)
    return s.damage;
  const read_limits limits{max_bytes, std::min(upper_limit, readable_end), at_least_one_batch};
  if (from >= limits.below)
    return read_result{};
  // A cleaned segment may hold nothing from `from` on: then the next one is looked into.
  for (auto in = s.segment_of(from); in != s.segments.end() && in->base() < limits.below; ++in) {
    const auto wanted = std::max(from, in->base());
    auto span = find_span(s, in, wanted, limits);
    if (!span)
      return failed_read(s, span.error());
    if (span->begin == span->end && span->begin < in->size_bytes())
      return read_result{};
    if (span->begin == span->end)
      continue;
    auto source = in->data(s.home);
    if (!source)
      return failed_read(s, source.error());
    s.limit_open_files(*in);
    if (in->size_bytes() != span->end || &*in == s.active())
      s.remember({span->next, in->base(), span->end});
    return read_result{{*source, span->begin, static_cast<std::size_t>(span->end - span->begin)}, span->next};
  }
  return read_result{};
}

// -- ListOffsets ------------------------------------------------------------------------------------------------------

expected<found_offset> log::find_offset(std::int64_t timestamp_ms, offset high_watermark) {
  auto& s = *state_;
  switch (timestamp_ms) {
    case latest_time:
      return found_offset{high_watermark, no_timestamp, s.leader_epochs.latest()};
    case earliest_time:
    case earliest_local_time:
      return found_offset{s.log_start, no_timestamp, s.leader_epochs.at(s.log_start)};
    case max_time:
      break;
    default:
      if (timestamp_ms < 0)
        return make_error(errc::offset_out_of_range, s.home.directory + ": there is no special time "
                                                       + std::to_string(timestamp_ms));
  }
  auto found = timestamp_ms == max_time ? find_largest_time(s) : find_time(s, timestamp_ms);
  if (!found)
    return failed_read(s, found.error());
  if (!*found || (*found)->at >= high_watermark)
    return found_offset{};
  return found_offset{(*found)->at, (*found)->timestamp_ms, s.leader_epochs.at((*found)->at)};
}

}  // namespace troupe::log
