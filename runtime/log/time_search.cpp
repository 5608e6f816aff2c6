#include "runtime/log/time_search.hpp"

#include "runtime/base/bounds.hpp"
#include "runtime/log/batch_walk.hpp"
#include "runtime/log/record.hpp"

#include <algorithm>

namespace troupe::log {

namespace {

// The first record of a batch at or behind `from` whose time is at least `timestamp_ms`.
expected<std::optional<timed_record>> find_in_batch(file& in, const batch_head& head, std::int64_t timestamp_ms,
                                                    offset from) {
  using found = std::optional<timed_record>;
  if (head.attributes & attribute::log_append_time)
    return found{timed_record{std::max(head.base, from), head.max_timestamp_ms}};
  auto bytes = read_batch(in, head);
  if (!bytes)
    return bytes.error();
  const auto batch = batch_view::parse(*bytes);
  if (!batch)
    return batch.error();
  const auto plain = unpacked_records::of(*batch, bounds::unpacked_batch_bytes_max);
  // What the client packed cannot be unpacked: its header is all that is known of its records' times.
  if (!plain)
    return found{timed_record{std::max(head.base, from), head.max_timestamp_ms}};
  record_run run{*plain};
  while (true) {
    const auto record = run.next();
    if (!record || !*record)
      return found{};
    const timed_record at{head.base + (*record)->offset_delta, batch->base_timestamp_ms() + (*record)->timestamp_delta};
    if (at.timestamp_ms >= timestamp_ms && at.at >= from)
      return found{at};
  }
}

// Looks through the batches of one segment from the one at or behind `start` on.
expected<std::optional<timed_record>> find_in_segment(log_state& s, segment& in, offset start,
                                                      std::int64_t timestamp_ms) {
  auto first = in.find(s.home, start, s.how.index_interval_bytes);
  if (!first)
    return first.error();
  if (!*first)
    return std::optional<timed_record>{};
  auto file = in.data(s.home);
  if (!file)
    return file.error();
  batch_walk walk{**file, (*first)->position, in.size_bytes()};
  while (true) {
    const auto batch = walk.next();
    if (!batch)
      return batch.error();
    if (!*batch)
      return std::optional<timed_record>{};
    if ((*batch)->max_timestamp_ms < timestamp_ms || (*batch)->last < s.log_start)
      continue;
    auto found = find_in_batch(**file, **batch, timestamp_ms, s.log_start);
    if (!found || *found)
      return found;
  }
}

}  // namespace

expected<std::optional<timed_record>> find_time(log_state& s, std::int64_t timestamp_ms) {
  for (auto in = s.segment_of(s.log_start); in != s.segments.end(); ++in) {
    const auto largest = in->largest_timestamp(s.home, s.how.index_interval_bytes);
    if (!largest)
      return largest.error();
    if (largest->timestamp_ms < timestamp_ms)
      continue;
    auto indexes = in->indexes(s.home, s.how.index_interval_bytes);
    if (!indexes)
      return indexes.error();
    const auto point = (*indexes)->floor_time(timestamp_ms);
    if (!point)
      return point.error();
    // An entry with just this time: the batch it names is the first that has it.
    const auto start = point->timestamp_ms < 0 ? in->base() : in->base() + point->relative;
    auto found = find_in_segment(s, *in, std::max(start, s.log_start), timestamp_ms);
    s.limit_open_files(*in);
    if (!found || *found)
      return found;
  }
  return std::optional<timed_record>{};
}

expected<std::optional<timed_record>> find_largest_time(log_state& s) {
  std::int64_t largest_ms = no_timestamp;
  for (auto in = s.segment_of(s.log_start); in != s.segments.end(); ++in) {
    const auto largest = in->largest_timestamp(s.home, s.how.index_interval_bytes);
    if (!largest)
      return largest.error();
    // Records below the log's start do not count: in the first segment only a look at the batches tells.
    if (in->base() < s.log_start && in->base() + largest->relative < s.log_start) {
      auto data = in->data(s.home);
      if (!data)
        return data.error();
      batch_walk walk{**data, 0, in->size_bytes()};
      for (auto batch = walk.next(); batch && *batch; batch = walk.next())
        if ((*batch)->last >= s.log_start)
          largest_ms = std::max(largest_ms, (*batch)->max_timestamp_ms);
    } else {
      largest_ms = std::max(largest_ms, largest->timestamp_ms);
    }
    s.limit_open_files(*in);
  }
  if (largest_ms < 0)
    return std::optional<timed_record>{};
  return find_time(s, largest_ms);
}

}  // namespace troupe::log
