// Opening a log: what lies in its directory, how far it can be trusted, and what has to be mended.

#include "runtime/base/bounds.hpp"
#include "runtime/log/batch_walk.hpp"
#include "runtime/log/cleaned_swap.hpp"
#include "runtime/log/errors.hpp"
#include "runtime/log/file_names.hpp"
#include "runtime/log/log_state.hpp"
#include "runtime/log/partition_metadata.hpp"
#include "runtime/log/recovery.hpp"

#include <algorithm>
#include <map>

namespace troupe::log {

namespace {

/// One opening. Fills the state it is given; lives for the call.
class opening {
 public:
  opening(log_state& s, const open_hints& hints, wall_time now) : s_(s), hints_(hints), now_(now) {}

  error run();

 private:
  struct segment_files {
    std::optional<std::uint64_t> log_bytes, index_bytes, time_index_bytes;
  };

  error look_around();
  error remove_leftovers(const std::vector<directory_entry>& entries);
  error finish_deletions();
  error remove_files(segment& gone);
  error check_topic();
  error start_empty(const std::string& why);
  error mend_closed_indexes(std::size_t trusted);
  error mend_index(segment& in, const segment_files& files);
  expected<bool> lacks_entries(segment& in);
  expected<bool> trust_active();
  error verify(std::size_t first);
  error cut(std::size_t at, const verdict& found);
  error cut_tail(segment& in, const verdict& found);
  error remove_newest(const std::string& reason);
  void declare_damage(offset at, const std::string& what);
  error keep_verified(std::size_t first);
  error write_again(segment& in);
  error settle(bool clean);
  error start_behind_the_end();
  error remove_stray_snapshots();
  std::size_t first_unverified() const;
  /// Compaction leaves gaps, also between segments; else a segment starts where the one before it ends.
  bool gaps_allowed() const { return s_.how.compacts() || hints_.cleaned_to > offset{0}; }
  std::string path(offset base, std::string_view suffix) const { return s_.home.path(base, suffix); }

  log_state& s_;
  const open_hints& hints_;
  wall_time now_;
  std::map<offset, segment_files> files_;
};

error opening::run() {
  const auto there = s_.home.on->exists(s_.home.directory);
  if (!there)
    return there.error();
  if (!*there)
    return start_empty("the directory is gone");
  s_.directory_made = true;
  if (auto why = check_topic())
    return why;
  const auto swapped = finish_interrupted_swaps(*s_.home.on, s_.home.directory);
  if (!swapped)
    return swapped.error();
  if (*swapped)
    s_.home.note(s_.home.directory + ": a compaction that was interrupted was finished or undone");
  if (auto why = look_around())
    return why;
  if (auto why = finish_deletions())
    return why;
  if (s_.segments.empty())
    return start_empty("it has no segments");
  bool clean = hints_.clean_stop;
  if (clean) {
    const auto trusted = trust_active();
    if (!trusted)
      return trusted.error();
    clean = *trusted;
  }
  const auto first = clean ? s_.segments.size() : first_unverified();
  if (auto why = mend_closed_indexes(std::min(first, s_.segments.size() - 1)))
    return why;
  if (!clean)
    if (auto why = verify(first))
      return why;
  return settle(clean);
}

error opening::check_topic() {
  if (s_.topic.is_zero())
    return {};
  const auto found = read_partition_topic(*s_.home.on, s_.home.directory);
  if (!found)
    return found.error();
  if (found->empty() || *found == to_string(s_.topic))
    return {};
  return make_error(errc::wrong_topic, s_.home.directory + ": the log belongs to topic " + *found + ", not to "
                                         + to_string(s_.topic) + "; move the directory away");
}

// Nothing is there: the log starts where the checkpoint says, and nothing is made before the first append.
error opening::start_empty(const std::string& why) {
  s_.log_end = s_.durable_end = s_.log_start;
  if (hints_.recovery_point <= s_.log_start)
    return {};
  if (!s_.directory_made) {
    s_.home.note(s_.home.directory + ": " + why + ", though records up to offset "
                 + std::to_string(hints_.recovery_point.value) + " were durable once; the log starts empty");
    return {};
  }
  declare_damage(s_.log_start, s_.home.directory + ": " + why);
  s_.log_end = s_.durable_end = hints_.recovery_point;
  return {};
}

error opening::look_around() {
  auto entries = s_.home.on->list(s_.home.directory);
  if (!entries)
    return entries.error();
  for (const auto& e : *entries) {
    const auto name = parse_offset_file(e.name);
    if (!name)
      continue;
    if (name->suffix == suffix::log)
      files_[name->base].log_bytes = e.size;
    else if (name->suffix == suffix::index)
      files_[name->base].index_bytes = e.size;
    else if (name->suffix == suffix::time_index)
      files_[name->base].time_index_bytes = e.size;
  }
  for (const auto& [base, files] : files_)
    if (files.log_bytes)
      s_.segments.emplace_back(base, *files.log_bytes, now_);
  return remove_leftovers(*entries);
}

error opening::remove_leftovers(const std::vector<directory_entry>& entries) {
  for (const auto& e : entries) {
    const auto name = parse_offset_file(e.name);
    const bool of_segment = name && (name->suffix == suffix::index || name->suffix == suffix::time_index
                                     || name->suffix == suffix::transactions);
    const bool orphan = of_segment && !files_[name->base].log_bytes;
    if (orphan)
      s_.home.note(s_.home.path(e.name) + ": an index without its segment was removed");
    if (!orphan && !e.name.ends_with(suffix::deleted) && !e.name.ends_with(suffix::temporary))
      continue;
    if (auto why = s_.home.on->remove(s_.home.path(e.name)))
      return why;
  }
  return {};
}

// A segment that ends below the log's start was deleted, but not durably. Others of its kind may be gone, and what they
// leave between those that came back is no hole in the log.
error opening::finish_deletions() {
  while (s_.segments.size() > 1 && s_.segments[1].base() <= s_.log_start) {
    auto& gone = s_.segments.front();
    s_.home.note(path(gone.base(), suffix::log) + ": removed, all of it is below the log's start at "
                 + std::to_string(s_.log_start.value));
    if (auto why = remove_files(gone))
      return why;
    s_.segments.erase(s_.segments.begin());
  }
  return {};
}

error opening::remove_files(segment& gone) {
  gone.abandon_files();
  for (const auto kind : {suffix::index, suffix::time_index, suffix::transactions, suffix::log})
    if (auto why = s_.home.on->remove(path(gone.base(), kind)))
      if (!is_error(why, error_domain::disk, static_cast<std::uint8_t>(disk_errc::not_found)))
        return why;
  return {};
}

// -- a clean stop -----------------------------------------------------------------------------------------------------

// The active segment after a clean stop: only its last few batches are looked at, for the log's end. False when they
// are not what a clean stop leaves.
expected<bool> opening::trust_active() {
  auto& active = s_.segments.back();
  s_.log_end = active.base();
  if (active.size_bytes() == 0)
    return true;
  if (auto why = mend_index(active, files_[active.base()]))
    return why;
  auto indexes = active.indexes(s_.home, s_.how.index_interval_bytes);
  if (!indexes)
    return indexes.error();
  auto last = (*indexes)->last_offset_point();
  if (!last)
    return last.error();
  auto data = active.data(s_.home);
  if (!data)
    return data.error();
  auto largest = (*indexes)->largest();
  batch_walk walk{**data, last->position, active.size_bytes()};
  while (true) {
    const auto batch = walk.next();
    const bool unsound = !batch || (!*batch && walk.position() != active.size_bytes());
    if (unsound) {
      s_.home.note(path(active.base(), suffix::log) + " at position " + std::to_string(walk.position())
                   + ": there is no batch though the last stop was a clean one; the log is verified");
      return false;
    }
    if (!*batch)
      break;
    if ((*batch)->max_timestamp_ms > largest.timestamp_ms)
      largest = {(*batch)->max_timestamp_ms, static_cast<std::int32_t>((*batch)->last - active.base())};
    s_.log_end = (*batch)->next();
  }
  (*indexes)->set_largest(largest);
  return true;
}

// Indexes whose names and sizes alone tell that something is wrong; the others are checked when they are first used.
error opening::mend_closed_indexes(std::size_t trusted) {
  for (std::size_t i = 0; i < trusted; ++i)
    if (auto why = mend_index(s_.segments[i], files_[s_.segments[i].base()]))
      return why;
  return {};
}

error opening::mend_index(segment& in, const segment_files& files) {
  if (in.size_bytes() == 0)
    return {};
  std::string why;
  if (!files.index_bytes || !files.time_index_bytes) {
    why = path(in.base(), files.index_bytes ? suffix::time_index : suffix::index) + " is missing";
  } else if (*files.time_index_bytes == 0) {
    const auto first = in.first_timestamp(s_.home);
    if (!first)
      return first.error();
    if (*first >= 0)
      why = path(in.base(), suffix::time_index) + " is empty";
  } else if (*files.index_bytes == 0 && in.size_bytes() > static_cast<std::uint64_t>(s_.how.index_interval_bytes)) {
    const auto wanting = lacks_entries(in);
    if (!wanting)
      return wanting.error();
    if (*wanting)
      why = path(in.base(), suffix::index) + " is empty";
  }
  s_.limit_open_files(in);
  return why.empty() ? error{} : in.rebuild_indexes(s_.home, s_.how.index_interval_bytes, why);
}

// An empty offset index is right only when no batch starts behind the first interval.
expected<bool> opening::lacks_entries(segment& in) {
  auto data = in.data(s_.home);
  if (!data)
    return data.error();
  batch_walk walk{**data, 0, in.size_bytes()};
  auto batch = walk.next();
  while (batch && *batch && (*batch)->position <= static_cast<std::uint64_t>(s_.how.index_interval_bytes))
    batch = walk.next();
  return batch && *batch;
}

// -- any other stop ---------------------------------------------------------------------------------------------------

std::size_t opening::first_unverified() const {
  std::size_t i = s_.segments.size() - 1;
  while (i > 0 && s_.segments[i].base() >= hints_.recovery_point)
    --i;  // at equality too: the end of the segment before may be a truncation that was not durable
  return i;
}

error opening::verify(std::size_t first) {
  s_.log_end = s_.segments[first].base();
  for (std::size_t i = first; i < s_.segments.size(); ++i) {
    auto& in = s_.segments[i];
    const bool gaps = gaps_allowed();
    if (in.base() != s_.log_end && !gaps) {
      const verdict nothing{0, s_.log_end, make_error(errc::corrupt_batch, path(in.base(), suffix::log)
                                                        + ": the segment before it ends at offset "
                                                        + std::to_string(s_.log_end.value))};
      return cut(i, nothing);
    }
    auto found = verify_segment(s_.home, in, std::max(in.base(), s_.log_end), gaps, s_.how.index_interval_bytes);
    if (!found)
      return found.error();
    s_.report.verified_bytes += in.size_bytes();
    s_.log_end = found->end;
    if (found->fault)
      return cut(i, *found);
  }
  return keep_verified(first);
}

// Above the durable mark the rest is a torn tail and goes; below it nothing does.
error opening::cut(std::size_t at, const verdict& found) {
  const auto first = first_unverified();
  const bool hole = s_.segments[at].base() != found.end && found.good_bytes == 0;
  const auto keep = static_cast<std::ptrdiff_t>(hole ? at : at + 1);
  if (found.end < hints_.recovery_point) {
    declare_damage(found.end, render(found.fault));
    s_.segments.erase(s_.segments.begin() + keep, s_.segments.end());
    if (!hole)
      s_.segments.back().set_size(found.good_bytes);
    return {};
  }
  while (static_cast<std::ptrdiff_t>(s_.segments.size()) > keep)
    if (auto why = remove_newest("they were never durable and records before them are lost"))
      return why;
  if (!hole)
    if (auto why = cut_tail(s_.segments.back(), found))
      return why;
  return keep_verified(first);
}

error opening::remove_newest(const std::string& reason) {
  auto& gone = s_.segments.back();
  s_.home.note(path(gone.base(), suffix::log) + ": " + std::to_string(gone.size_bytes()) + " bytes from offset "
               + std::to_string(gone.base().value) + " on were removed, " + reason);
  s_.report.cut_bytes += gone.size_bytes();
  if (auto why = remove_files(gone))
    return why;
  s_.segments.pop_back();
  return {};
}

error opening::cut_tail(segment& in, const verdict& found) {
  auto data = in.data(s_.home);
  if (!data)
    return data.error();
  const auto torn = in.size_bytes() - found.good_bytes;
  s_.home.note(path(in.base(), suffix::log) + ": " + std::to_string(torn) + " bytes from position "
               + std::to_string(found.good_bytes) + " on, offset " + std::to_string(found.end.value)
               + ", were cut: they were never durable and are no sound batches (" + render(found.fault) + ")");
  s_.report.cut_bytes += torn;
  if (auto why = (*data)->truncate(found.good_bytes))
    return why;
  in.set_size(found.good_bytes);
  return {};
}

void opening::declare_damage(offset at, const std::string& what) {
  s_.damaged_at = at;
  s_.damage = make_error(errc::damaged_below_durable_mark,
                         what + "; records up to offset " + std::to_string(hints_.recovery_point.value)
                           + " were durable once. Nothing was cut; offsets below " + std::to_string(at.value)
                           + " are served. Restore the files from a backup or a replica, or remove the directory");
  s_.home.note(render(s_.damage));
}

// What was verified is in memory or in the page cache only: it becomes durable with the first ticket.
error opening::keep_verified(std::size_t first) {
  for (std::size_t i = first; i < s_.segments.size(); ++i) {
    auto& in = s_.segments[i];
    auto data = in.data(s_.home);
    if (!data)
      return data.error();
    s_.touch(*data);
    if (auto why = write_again(in))
      return why;
    if (i + 1 == s_.segments.size() || !in.has_indexes())
      continue;
    in.open_indexes()->seal();
    auto why = in.open_indexes()->flush(s_.home);
    if (!why) {
      s_.touch(in.open_indexes()->offset_file().handle());
      s_.touch(in.open_indexes()->time_file().handle());
      in.close_files();
    } else if (!is_error(why, error_domain::disk, static_cast<std::uint8_t>(disk_errc::no_space))) {
      return why;
    }
  }
  s_.segments.back().dirty = true;
  s_.dirty_directory = s_.dirty_parent = true;
  return s_.write_topic();
}

// After a failed sync the system calls pages clean that never reached the device, and the process that knew of it may
// be gone: what was not known to be durable is written again, so that the next sync has it to write.
error opening::write_again(segment& in) {
  auto data = in.data(s_.home);
  if (!data)
    return data.error();
  std::uint64_t from = 0;
  if (in.base() < hints_.recovery_point) {
    const auto batch = in.find(s_.home, hints_.recovery_point, s_.how.index_interval_bytes);
    if (!batch)
      return batch.error();
    from = *batch ? (*batch)->position : in.size_bytes();
  }
  std::vector<std::uint8_t> buffer;
  while (from < in.size_bytes()) {
    buffer.resize(std::min<std::uint64_t>(in.size_bytes() - from, bounds::rewrite_bytes_max));
    const auto count = (*data)->read(from, buffer);
    if (!count)
      return count.error();
    const bytes_view part{buffer.data(), *count};
    if (auto why = (*data)->write(from, std::span{&part, 1}))
      return why;
    from += std::max<std::uint64_t>(*count, 1);
  }
  return {};
}

// -- both -------------------------------------------------------------------------------------------------------------

error opening::settle(bool clean) {
  // Compaction may leave nothing of the first segments; readers that are still there are led on, not sent away.
  if (!gaps_allowed())
    s_.log_start = std::max(s_.log_start, s_.segments.front().base());
  if (!s_.damage && s_.log_end < hints_.recovery_point && s_.log_start < hints_.recovery_point)
    declare_damage(s_.log_end, path(s_.segments.back().base(), suffix::log) + ": the log ends at offset "
                                 + std::to_string(s_.log_end.value));
  if (s_.damage) {
    s_.log_start = std::min(s_.log_start, s_.damaged_at);
    s_.log_end = s_.durable_end = std::max(hints_.recovery_point, s_.damaged_at);
  } else {
    s_.durable_end = clean ? s_.log_end : std::min(hints_.recovery_point, s_.log_end);
  }
  if (!s_.damage && s_.log_end < s_.log_start)
    return start_behind_the_end();
  if (auto why = s_.load_epochs(clean))
    return why;
  const auto trusted = clean ? s_.log_end : std::min(hints_.recovery_point, s_.log_end);
  if (auto why = s_.load_aborted(trusted))
    return why;
  if (auto why = s_.load_producers(trusted))
    return why;
  return remove_stray_snapshots();
}

// DeleteRecords had gone further than what was durable: nothing that is left is to be read any more.
error opening::start_behind_the_end() {
  while (!s_.segments.empty())
    if (auto why = remove_newest("all of it is below the log's start at " + std::to_string(s_.log_start.value)))
      return why;
  s_.dirty_files.clear();
  s_.log_end = s_.log_start;
  s_.durable_end = std::min(s_.durable_end, s_.log_end);
  return s_.begin_on_disk(s_.log_start, now_);
}

// Of closed segments each keeps the snapshot of its start; of the others only the newest is of use.
error opening::remove_stray_snapshots() {
  auto entries = s_.home.on->list(s_.home.directory);
  if (!entries)
    return entries.error();
  for (const auto& e : *entries) {
    const auto name = parse_offset_file(e.name);
    if (!name || name->suffix != suffix::snapshot || name->base == s_.snapshot_at)
      continue;
    const bool wanted = std::any_of(s_.segments.begin(), s_.segments.end(),
                                    [&](const segment& in) { return in.base() == name->base; });
    if (!wanted)
      if (auto why = s_.home.on->remove(s_.home.path(e.name)))
        return why;
  }
  return {};
}

}  // namespace

expected<std::unique_ptr<log>> log::open(disk& on, std::string directory, options how, const open_hints& hints,
                                         wall_time now) {
  auto state = std::make_unique<log_state>();
  state->home.on = &on;
  state->home.directory = std::move(directory);
  state->how = how;
  state->topic = hints.topic;
  state->log_start = hints.log_start_offset;
  state->cleaned_to = hints.cleaned_to;
  if (auto why = opening{*state, hints, now}.run())
    return with_context(state->home.directory, why);
  state->report.lines = std::exchange(state->home.notes, {});
  return std::unique_ptr<log>{new log{std::move(state)}};
}

}  // namespace troupe::log
