#include "runtime/log/segment_indexes.hpp"

#include "runtime/log/big_endian.hpp"
#include "runtime/log/errors.hpp"

#include <algorithm>

namespace troupe::log {

namespace {

constexpr std::size_t offset_entry_bytes = 8;
constexpr std::size_t time_entry_bytes = 12;

error corrupt(const std::string& path, const std::string& why) {
  return make_error(errc::corrupt_file, path + " " + why);
}

// How many of the first `count` entries satisfy `belongs`, which holds for a prefix of them.
template <class Entry, class At, class Belongs>
expected<std::uint32_t> prefix_length(std::uint32_t count, At at, Belongs belongs) {
  std::uint32_t low = 0;
  while (low < count) {
    const auto middle = low + (count - low) / 2;
    expected<Entry> entry = at(middle);
    if (!entry)
      return entry.error();
    if (belongs(*entry))
      low = middle + 1;
    else
      count = middle;
  }
  return low;
}

}  // namespace

segment_indexes::segment_indexes(const log_home& home, offset base)
  : base_(base), offsets_(home.path(base, suffix::index), offset_entry_bytes),
    times_(home.path(base, suffix::time_index), time_entry_bytes) {}

error segment_indexes::open(const log_home& home, std::uint64_t log_bytes) {
  if (auto wrong = offsets_.open(*home.on))
    return wrong;
  if (auto wrong = times_.open(*home.on))
    return wrong;
  const auto last_offset = last_offset_point();
  if (!last_offset)
    return last_offset.error();
  // No entry points at the first batch, so position 0 is a hole that was never written.
  const bool inside = last_offset->position > 0 && last_offset->position < log_bytes && last_offset->relative >= 0;
  if (!offsets_.empty() && !inside)
    return corrupt(offsets_.path(), "ends in an entry for position " + std::to_string(last_offset->position)
                                      + " of a log file of " + std::to_string(log_bytes) + " bytes");
  const auto last_time = last_time_point();
  if (!last_time)
    return last_time.error();
  // All zero is a hole rather than a batch of 1970, for which building anew costs little.
  if (!times_.empty() && (last_time->timestamp_ms < 0 || last_time->relative < 0
                          || (last_time->timestamp_ms == 0 && last_time->relative == 0)))
    return corrupt(times_.path(), "ends in an entry for time " + std::to_string(last_time->timestamp_ms));
  largest_ = *last_time;
  last_indexed_timestamp_ms_ = last_time->timestamp_ms;
  bytes_since_entry_ = static_cast<std::int64_t>(log_bytes - last_offset->position);
  return {};
}

error segment_indexes::clear(const log_home& home) {
  largest_ = {};
  last_indexed_timestamp_ms_ = no_timestamp;
  bytes_since_entry_ = 0;
  offsets_ = index_file{offsets_.path(), offset_entry_bytes};
  times_ = index_file{times_.path(), time_entry_bytes};
  // What is there may be no index at all (wrong size, other content): nothing of it may survive below new entries.
  for (auto* index : {&offsets_, &times_})
    if (auto failed = index->flush(*home.on))
      return failed;
  return {};
}

void segment_indexes::push_time(const time_point_entry& entry) {
  std::array<std::uint8_t, time_entry_bytes> raw;
  store_i64(raw, 0, entry.timestamp_ms);
  store_i32(raw, 8, entry.relative);
  times_.push(raw);
  last_indexed_timestamp_ms_ = entry.timestamp_ms;
}

void segment_indexes::note(const batch_head& batch, std::int64_t interval_bytes) {
  const auto relative = static_cast<std::int32_t>(batch.last - base_);
  if (batch.max_timestamp_ms > largest_.timestamp_ms)
    largest_ = {batch.max_timestamp_ms, relative};
  if (bytes_since_entry_ > interval_bytes) {
    std::array<std::uint8_t, offset_entry_bytes> raw;
    store_i32(raw, 0, relative);
    store_i32(raw, 4, static_cast<std::int32_t>(batch.position));
    offsets_.push(raw);
    seal();
    bytes_since_entry_ = 0;
  }
  bytes_since_entry_ += static_cast<std::int64_t>(batch.size_bytes);
}

void segment_indexes::seal() {
  if (largest_.timestamp_ms > last_indexed_timestamp_ms_)
    push_time(largest_);
}

bool segment_indexes::full(std::int64_t bytes_max) const {
  // One time entry is kept free for `seal`.
  return (std::int64_t{offsets_.size()} + 1) * static_cast<std::int64_t>(offset_entry_bytes) > bytes_max
         || (std::int64_t{times_.size()} + 2) * static_cast<std::int64_t>(time_entry_bytes) > bytes_max;
}

expected<offset_point> segment_indexes::offset_at(std::uint32_t n) const {
  const auto raw = offsets_.at(n);
  if (!raw)
    return raw.error();
  return offset_point{load_i32(*raw, 0), static_cast<std::uint32_t>(load_i32(*raw, 4))};
}

expected<time_point_entry> segment_indexes::time_at(std::uint32_t n) const {
  const auto raw = times_.at(n);
  if (!raw)
    return raw.error();
  return time_point_entry{load_i64(*raw, 0), load_i32(*raw, 8)};
}

expected<offset_point> segment_indexes::floor_offset(std::int64_t relative) const {
  const auto count = prefix_length<offset_point>(
    offsets_.size(), [this](auto n) { return offset_at(n); }, [&](const auto& e) { return e.relative <= relative; });
  if (!count)
    return count.error();
  return *count == 0 ? offset_point{} : offset_at(*count - 1);
}

expected<offset_point> segment_indexes::floor_position(std::uint64_t position) const {
  const auto count = prefix_length<offset_point>(
    offsets_.size(), [this](auto n) { return offset_at(n); }, [&](const auto& e) { return e.position <= position; });
  if (!count)
    return count.error();
  return *count == 0 ? offset_point{} : offset_at(*count - 1);
}

expected<time_point_entry> segment_indexes::floor_time(std::int64_t timestamp_ms) const {
  const auto count = prefix_length<time_point_entry>(
    times_.size(), [this](auto n) { return time_at(n); },
    [&](const auto& e) { return e.timestamp_ms <= timestamp_ms; });
  if (!count)
    return count.error();
  return *count == 0 ? time_point_entry{} : time_at(*count - 1);
}

expected<offset_point> segment_indexes::last_offset_point() const {
  return offsets_.empty() ? offset_point{} : offset_at(offsets_.size() - 1);
}

expected<time_point_entry> segment_indexes::last_time_point() const {
  return times_.empty() ? time_point_entry{} : time_at(times_.size() - 1);
}

std::uint64_t segment_indexes::bytes() const {
  return std::max(std::uint64_t{offsets_.size()} * offset_entry_bytes, std::uint64_t{times_.size()} * time_entry_bytes);
}

error segment_indexes::truncate(const log_home& home, std::uint64_t position, std::int64_t relative) {
  const auto offsets = prefix_length<offset_point>(
    offsets_.size(), [this](auto n) { return offset_at(n); }, [&](const auto& e) { return e.position < position; });
  if (!offsets)
    return offsets.error();
  const auto times = prefix_length<time_point_entry>(
    times_.size(), [this](auto n) { return time_at(n); }, [&](const auto& e) { return e.relative < relative; });
  if (!times)
    return times.error();
  if (auto failed = offsets_.truncate(*home.on, *offsets))
    return failed;
  if (auto failed = times_.truncate(*home.on, *times))
    return failed;
  const auto last = last_time_point();
  if (!last)
    return last.error();
  largest_ = *last;
  last_indexed_timestamp_ms_ = last->timestamp_ms;
  return {};
}

error segment_indexes::replace(const log_home& home) {
  if (auto failed = offsets_.replace(*home.on))
    return failed;
  return times_.replace(*home.on);
}

error segment_indexes::flush(const log_home& home) {
  if (auto failed = offsets_.flush(*home.on))
    return failed;
  return times_.flush(*home.on);
}

}  // namespace troupe::log
