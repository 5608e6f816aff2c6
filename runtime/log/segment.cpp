#include "runtime/log/segment.hpp"

#include "runtime/base/invariant.hpp"
#include "runtime/log/batch_walk.hpp"
#include "runtime/log/errors.hpp"

namespace troupe::log {

expected<segment> segment::create(const log_home& home, offset base, wall_time now) {
  auto opened = home.on->open(home.path(base, suffix::log), open_mode::create);
  if (!opened)
    return opened.error();
  const auto size = (*opened)->size();
  if (!size)
    return size.error();
  if (*size != 0)
    if (auto failed = (*opened)->truncate(0))
      return failed;
  segment made{base, 0, now};
  made.data_ = std::move(*opened);
  made.indexes_ = std::make_unique<segment_indexes>(home, base);
  return made;
}

expected<std::shared_ptr<file>> segment::data(const log_home& home) {
  if (!data_) {
    auto opened = home.on->open(home.path(base_, suffix::log), open_mode::read_write);
    if (!opened)
      return opened.error();
    data_ = std::move(*opened);
  }
  return data_;
}

expected<segment_indexes*> segment::indexes(log_home& home, std::int64_t interval_bytes) {
  if (indexes_)
    return indexes_.get();
  auto fresh = std::make_unique<segment_indexes>(home, base_);
  auto wrong = fresh->open(home, size_);
  if (!wrong) {
    // The active segment's last batches may be larger in time than its last entry tells.
    if (largest_timestamp_ms_ != not_looked_up && largest_timestamp_ms_ > fresh->largest().timestamp_ms)
      fresh->set_largest({largest_timestamp_ms_, largest_relative_});
    indexes_ = std::move(fresh);
    return indexes_.get();
  }
  if (!is_error(wrong, errc::corrupt_file))
    return wrong;
  if (auto failed = rebuild_indexes(home, interval_bytes, render(wrong)))
    return failed;
  return indexes_.get();
}

error segment::start_indexes(const log_home& home) {
  auto fresh = std::make_unique<segment_indexes>(home, base_);
  if (auto failed = fresh->clear(home))
    return failed;
  indexes_ = std::move(fresh);
  return {};
}

error segment::rebuild_indexes(log_home& home, std::int64_t interval_bytes, const std::string& why) {
  auto in = data(home);
  if (!in)
    return in.error();
  indexes_ = std::make_unique<segment_indexes>(home, base_);
  batch_walk walk{**in, 0, size_};
  while (true) {
    auto batch = walk.next();
    if (!batch)
      return with_context(home.path(base_, suffix::log) + " at position " + std::to_string(walk.position()),
                          batch.error());
    if (!*batch)
      break;
    indexes_->note(**batch, interval_bytes);
  }
  indexes_->seal();
  // Below the recovery point nobody looks again, so a half-written index must not be there after a crash.
  if (auto failed = indexes_->replace(home); failed && !is_error(failed, error_domain::disk, static_cast<std::uint8_t>(
                                                                                               disk_errc::no_space)))
    return failed;
  home.note(why + "; both indexes of the segment were built anew from " + home.path(base_, suffix::log));
  return {};
}

error segment::append(const log_home& home, std::span<const bytes_view> parts, std::span<const batch_head> batches,
                      std::int64_t index_interval_bytes) {
  TROUPE_INVARIANT(batches.front().position == size_ && indexes_, "a batch is appended where the segment does not end");
  auto out = data(home);
  if (!out)
    return out.error();
  if (auto failed = (*out)->write(size_, parts))
    return failed;
  if (size_ == 0)
    first_timestamp_ms_ = batches.front().max_timestamp_ms;
  size_ = batches.back().end_position();
  for (const auto& batch : batches)
    indexes_->note(batch, index_interval_bytes);
  return {};
}

expected<std::optional<batch_head>> segment::find_from(file& in, std::uint64_t position, offset at) const {
  batch_walk walk{in, position, size_};
  while (true) {
    auto batch = walk.next();
    if (!batch || !*batch || (*batch)->last >= at)
      return batch;
  }
}

expected<std::optional<std::uint64_t>> segment::start_of_search(log_home& home, offset at,
                                                                std::int64_t interval_bytes) {
  using start = std::optional<std::uint64_t>;
  auto known = indexes(home, interval_bytes);
  if (!known)
    return known.error();
  const auto point = (*known)->floor_offset(at - base_);
  if (!point)
    return point.error();
  if (point->position == 0)
    return start{0};
  auto in = data(home);
  if (!in)
    return in.error();
  batch_walk walk{**in, point->position, size_};
  const auto batch = walk.next();
  const bool there = batch && *batch && (*batch)->last - base_ == point->relative;
  return there ? start{point->position} : start{};
}

expected<std::optional<batch_head>> segment::find(log_home& home, offset at, std::int64_t interval_bytes) {
  auto position = start_of_search(home, at, interval_bytes);
  if (!position)
    return position.error();
  if (!*position) {
    if (auto failed = rebuild_indexes(home, interval_bytes, home.path(base_, suffix::index)
                                                              + " points at places where no such batch starts"))
      return failed;
    position = start_of_search(home, at, interval_bytes);
    if (!position)
      return position.error();
  }
  auto in = data(home);
  if (!in)
    return in.error();
  return find_from(**in, position->value_or(0), at);
}

expected<std::uint64_t> segment::boundary_before(log_home& home, std::uint64_t position, std::uint64_t known,
                                                 std::int64_t interval_bytes) {
  auto index = indexes(home, interval_bytes);
  if (!index)
    return index.error();
  const auto point = (*index)->floor_position(position);
  if (!point)
    return point.error();
  if (point->position <= known)
    return known;
  auto in = data(home);
  if (!in)
    return in.error();
  batch_walk walk{**in, point->position, size_};
  const auto batch = walk.next();
  const bool there = batch && *batch && (*batch)->last - base_ == point->relative;
  return there ? point->position : known;  // a wrong index only makes the walk longer
}

expected<std::int64_t> segment::first_timestamp(const log_home& home) {
  if (first_timestamp_ms_ != not_looked_up)
    return first_timestamp_ms_;
  if (size_ == 0)
    return no_timestamp;
  auto in = data(home);
  if (!in)
    return in.error();
  batch_walk walk{**in, 0, size_};
  const auto first = walk.next();
  if (!first)
    return first.error();
  first_timestamp_ms_ = *first ? (*first)->max_timestamp_ms : no_timestamp;
  return first_timestamp_ms_;
}

expected<time_point_entry> segment::largest_timestamp(log_home& home, std::int64_t interval_bytes) {
  if (!indexes_ && largest_timestamp_ms_ != not_looked_up)
    return time_point_entry{largest_timestamp_ms_, largest_relative_};
  auto known = indexes(home, interval_bytes);
  if (!known)
    return known.error();
  return (*known)->largest();
}

expected<std::uint64_t> segment::index_bytes(log_home& home, std::int64_t interval_bytes) {
  if (!indexes_ && largest_timestamp_ms_ != not_looked_up)
    return std::uint64_t{index_bytes_};
  auto known = indexes(home, interval_bytes);
  if (!known)
    return known.error();
  return (*known)->bytes();
}

error segment::truncate(log_home& home, std::uint64_t position, offset to, std::int64_t interval_bytes) {
  auto known = indexes(home, interval_bytes);
  if (!known)
    return known.error();
  auto in = data(home);
  if (!in)
    return in.error();
  if (auto failed = (*known)->truncate(home, position, to - base_))
    return failed;
  if (auto failed = (*in)->truncate(position))
    return failed;
  size_ = position;
  dirty = true;
  if (position == 0)
    first_timestamp_ms_ = not_looked_up;
  // Batches behind the last entry may have larger timestamps than it tells.
  const auto last = (*known)->last_offset_point();
  if (!last)
    return last.error();
  auto largest = (*known)->largest();
  batch_walk walk{**in, last->position, size_};
  while (true) {
    const auto batch = walk.next();
    if (!batch)
      return batch.error();
    if (!*batch)
      break;
    if ((*batch)->max_timestamp_ms > largest.timestamp_ms)
      largest = {(*batch)->max_timestamp_ms, static_cast<std::int32_t>((*batch)->last - base_)};
  }
  (*known)->set_largest(largest);
  (*known)->set_bytes_since_entry(size_ - last->position);
  return {};
}

void segment::close_files() {
  if (indexes_) {
    TROUPE_INVARIANT(!indexes_->has_pending(), "index entries would be lost");
    largest_timestamp_ms_ = indexes_->largest().timestamp_ms;
    largest_relative_ = indexes_->largest().relative;
    index_bytes_ = static_cast<std::uint32_t>(indexes_->bytes());
  }
  indexes_.reset();
  data_.reset();
}

void segment::abandon_files() {
  indexes_.reset();
  data_.reset();
}

}  // namespace troupe::log
