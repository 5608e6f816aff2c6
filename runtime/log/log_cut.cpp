// What makes `log` shorter: truncation, DeleteRecords, and retention.

#include "runtime/log/errors.hpp"
#include "runtime/log/file_names.hpp"
#include "runtime/log/log_state.hpp"
#include "runtime/log/retention.hpp"

#include <algorithm>

namespace troupe::log {

namespace {

bool is_not_found(const error& e) {
  return is_error(e, error_domain::disk, static_cast<std::uint8_t>(disk_errc::not_found));
}

error remove_if_there(log_state& s, const std::string& path) {
  auto why = s.home.on->remove(path);
  return is_not_found(why) ? error{} : why;
}

}  // namespace

// Renamed first and removed later, so that a reader that was given a part of the file is not cut off
// (file.delete.delay.ms); after a crash the name tells that they are not wanted.
error log_state::drop_segments(std::vector<segment>::iterator first, std::vector<segment>::iterator last,
                               wall_time now) {
  error why;
  auto gone = first;
  for (; gone != last && !why; ++gone) {
    gone->abandon_files();
    // The log file goes last: a segment counts as there while it has that.
    for (const auto kind : {suffix::index, suffix::time_index, suffix::transactions, suffix::snapshot, suffix::log}) {
      const auto path = home.path(gone->base(), kind);
      why = home.on->rename(path, path + std::string{suffix::deleted});
      if (is_not_found(why)) {
        why = {};
        continue;
      }
      if (why)
        break;
      doomed.push_back({path + std::string{suffix::deleted}, now + how.file_delete_delay});
    }
    if (snapshot_at == gone->base())
      snapshot_at = no_offset;
    dirty_directory = true;
  }
  if (why)
    --gone;
  if (first != gone)
    forget_aborted(first->base(), gone == segments.end() ? log_end : gone->base());
  segments.erase(first, gone);
  forget_positions();
  return why;
}

error log_state::unlink_due(wall_time now) {
  const auto due = [&](const doomed_file& f) { return f.due <= now; };
  for (const auto& f : doomed)
    if (due(f))
      if (auto why = remove_if_there(*this, f.path))
        return why;
  std::erase_if(doomed, due);
  return {};
}

// -- truncation -------------------------------------------------------------------------------------------------------

namespace {

// The newest first: a crash in between leaves a log without a hole.
error drop_newest(log_state& s, std::vector<segment>::iterator first, wall_time now) {
  for (auto left = s.segments.end() - first; left > 0; --left)
    if (auto why = s.drop_segments(std::prev(s.segments.end()), s.segments.end(), now))
      return why;
  return {};
}

// Removes snapshots of producers at offsets that exist no longer.
error drop_snapshots_above(log_state& s, offset end) {
  s.dirty_directory = true;
  auto entries = s.home.on->list(s.home.directory);
  if (!entries)
    return entries.error();
  for (const auto& e : *entries) {
    const auto name = parse_offset_file(e.name);
    if (name && name->suffix == suffix::snapshot && name->base > end)
      if (auto why = s.home.on->remove(s.home.path(e.name)))
        return why;
  }
  return {};
}

error after_truncation(log_state& s, offset to) {
  s.log_end = to;
  s.durable_end = std::min(s.durable_end, to);
  s.log_start = std::min(s.log_start, to);
  s.cleaned_to = std::min(s.cleaned_to, to);
  ++s.generation;
  s.ticket_out = false;  // what is being synced is not what is there
  s.ticket_files.clear();
  s.set_aside = true;  // the indexes were cut too
  s.forget_positions();
  if (s.leader_epochs.truncate_end(to))
    s.epochs_changed = true;
  if (auto why = drop_snapshots_above(s, to))
    return why;
  if (auto why = s.cut_aborted(to))
    return why;
  return s.load_producers(to);
}

// Cuts the segment that `to` lies in; those behind it are gone already.
error cut_segment(log_state& s, segment& in, offset to) {
  auto batch = in.find(s.home, to, s.how.index_interval_bytes);
  if (!batch)
    return batch.error();
  auto kept = to;
  if (*batch) {
    kept = std::min(to, (*batch)->base);
    if (auto why = in.truncate(s.home, (*batch)->position, kept, s.how.index_interval_bytes))
      return why;
  }
  auto written = in.data(s.home);
  if (!written)
    return written.error();
  in.dirty = true;
  s.touch(*written);
  s.log_end = kept;
  return {};
}

}  // namespace

error log::truncate_to(offset to, wall_time now) {
  auto& s = *state_;
  if (auto refused = s.refuse_write())
    return refused;
  if (to >= s.log_end)
    return {};
  if (to < s.log_start || s.segments.empty() || to <= s.segments.front().base())
    return truncate_fully_and_start_at(to, now);
  const auto keep = s.segment_of(to);
  const auto first_gone = keep->base() == to ? keep : std::next(keep);
  if (auto why = drop_newest(s, first_gone, now))
    return s.failed(why);
  auto& last = s.segments.back();
  if (auto known = last.indexes(s.home, s.how.index_interval_bytes); !known)
    return s.failed(known.error());
  if (auto why = cut_segment(s, last, to))
    return s.failed(why);
  // A batch that spans `to` went as a whole.
  if (auto why = after_truncation(s, std::min(to, s.log_end)))
    return s.failed(why);
  return {};
}

error log::truncate_fully_and_start_at(offset at, wall_time now) {
  auto& s = *state_;
  if (auto refused = s.refuse_write())
    return refused;
  if (auto why = drop_newest(s, s.segments.begin(), now))
    return s.failed(why);
  s.log_start = s.log_end = at;
  s.durable_end = std::min(s.durable_end, at);
  s.forget_positions();
  s.cleaned_to = offset{0};
  ++s.generation;
  s.ticket_out = false;
  s.ticket_files.clear();
  s.set_aside = false;
  s.idempotent.clear();
  s.aborted.clear();
  s.unwritten_aborts.clear();
  s.leader_epochs.clear();
  s.epochs_changed = true;
  if (!s.directory_made)
    return {};
  // An empty segment keeps the log's end when nothing else is there to tell it.
  if (auto why = drop_snapshots_above(s, no_offset))
    return s.failed(why);
  s.snapshot_at = no_offset;
  if (auto why = s.begin_on_disk(at, now))
    return s.failed(why);
  return {};
}

// -- the front --------------------------------------------------------------------------------------------------------

namespace {

void raise_start(log_state& s, offset start) {
  if (start <= s.log_start)
    return;
  s.log_start = start;
  if (s.leader_epochs.truncate_start(start))
    s.epochs_changed = true;
}

// What tells where the log ends must be durable before all that told it so far goes: the only time that this owner
// waits.
error make_durable(log_state& s) {
  for (const auto* files : {&s.ticket_files, &s.dirty_files})
    for (const auto& written : *files)
      if (auto why = written->sync())
        return make_error(disk_errc::io, render(why));  // whatever the reason was: a failed sync is final
  if (auto why = s.home.on->sync_directory(s.home.directory))
    return make_error(disk_errc::io, render(why));
  return {};
}

error drop_front(log_state& s, std::size_t count, wall_time now, retention_result& result) {
  const auto last = s.segments.begin() + static_cast<std::ptrdiff_t>(count);
  std::uint64_t bytes = 0;
  for (auto gone = s.segments.begin(); gone != last; ++gone)
    bytes += gone->size_bytes();
  raise_start(s, last->base());
  if (auto why = s.drop_segments(s.segments.begin(), last, now))
    return why;
  result.removed_segments += static_cast<int>(count);
  result.removed_bytes += bytes;
  return {};
}

error remove_oldest(log_state& s, std::size_t count, wall_time now, retention_result& result) {
  if (count == 0)
    return {};
  if (count < s.segments.size())
    return drop_front(s, count, now, result);
  if (!s.segments.back().has_indexes())
    if (auto known = s.segments.back().indexes(s.home, s.how.index_interval_bytes); !known)
      return known.error();
  if (auto why = s.roll(s.log_end, now))
    return why;
  // The last one goes alone: among others, a crash could take it, which holds the durable end, and leave older ones.
  if (auto why = drop_front(s, count - 1, now, result))
    return why;
  if (auto why = make_durable(s))
    return why;
  return drop_front(s, 1, now, result);
}

}  // namespace

error log::advance_log_start(offset before, wall_time now) {
  auto& s = *state_;
  if (auto refused = s.refuse_write())
    return refused;
  if (before > s.log_end)
    return make_error(errc::offset_out_of_range, s.home.directory + ": cannot delete records before offset "
                                                   + std::to_string(before.value) + ", the log ends at "
                                                   + std::to_string(s.log_end.value));
  raise_start(s, before);
  std::size_t below = 0;
  while (below + 1 < s.segments.size() && s.segments[below + 1].base() <= s.log_start)
    ++below;
  retention_result result;
  if (auto why = remove_oldest(s, below, now, result))
    return s.failed(why);
  return {};
}

expected<retention_result> log::apply_retention(wall_time now, offset high_watermark) {
  auto& s = *state_;
  if (s.refuse_write())
    return retention_result{};  // what cannot be written to is left as it is
  if (auto why = s.unlink_due(now))
    return s.failed(why);
  std::vector<retained_segment> all;
  all.reserve(s.segments.size());
  const bool by_age = s.how.deletes() && s.how.retention.count() >= 0;
  for (auto in = s.segments.begin(); in != s.segments.end(); ++in) {
    retained_segment facts{s.end_of(in), in->size_bytes(), no_timestamp, in->seen()};
    if (by_age && in->size_bytes() > 0) {
      auto largest = in->largest_timestamp(s.home, s.how.index_interval_bytes);
      if (!largest)
        return s.failed(largest.error());
      facts.largest_timestamp_ms = largest->timestamp_ms;
      s.limit_open_files(*in);
    }
    all.push_back(facts);
  }
  retention_result result;
  const auto count = segments_to_delete(all, s.how, s.log_start, high_watermark, now);
  if (auto why = remove_oldest(s, count, now, result))
    return s.failed(why);
  return result;
}

}  // namespace troupe::log
