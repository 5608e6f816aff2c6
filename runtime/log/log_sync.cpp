// The durable side of `log`: tickets, the files that ride along, going offline, the clean end.

#include "runtime/log/errors.hpp"
#include "runtime/base/mutation.hpp"
#include "runtime/log/log_state.hpp"

#include <algorithm>

namespace troupe::log {

void log_state::touch(const std::shared_ptr<file>& written) {
  if (std::find(dirty_files.begin(), dirty_files.end(), written) == dirty_files.end())
    dirty_files.push_back(written);
}

error log_state::write_snapshot(offset at) {
  if (snapshot_at == at)
    return {};
  auto out = home.on->open(home.path(at, suffix::snapshot), open_mode::create);
  if (!out)
    return out.error();
  const auto content = idempotent.encode();
  const bytes_view part{content};
  if (auto why = (*out)->truncate(0))
    return why;
  if (auto why = (*out)->write(0, std::span{&part, 1}))
    return why;
  touch(*out);
  dirty_directory = true;
  // The one before goes unless it stands at the start of a segment: there it is what a truncation goes back to.
  const auto old = std::exchange(snapshot_at, at);
  const bool wanted = std::any_of(segments.begin(), segments.end(), [&](const auto& s) { return s.base() == old; });
  if (old != no_offset && !wanted)
    home.on->remove(home.path(old, suffix::snapshot));  // in vain: the next start removes it
  return {};
}

error log_state::flush_active() {
  auto& current = segments.back();
  auto* indexes = current.open_indexes();
  if (!indexes)
    return {};
  indexes->seal();
  const bool written = indexes->offset_file().handle() && indexes->time_file().handle();
  if (!indexes->has_pending() && written && !set_aside)
    return {};
  set_aside = false;
  if (auto why = indexes->flush(home))
    return why;
  touch(indexes->offset_file().handle());
  touch(indexes->time_file().handle());
  dirty_directory = true;
  return {};
}

// The new content is synced under another name before it gets its own (KAFKA-15312): until then the old file and the
// batches themselves tell the epochs.
error log_state::write_epochs_aside() {
  auto out = home.on->open(home.path(epochs_file_name) + std::string{suffix::temporary}, open_mode::create);
  if (!out)
    return out.error();
  const auto text = leader_epochs.encode();
  const auto part = as_bytes(text);
  if (auto why = (*out)->truncate(0))
    return why;
  if (auto why = (*out)->write(0, std::span{&part, 1}))
    return why;
  touch(*out);
  epochs_changed = false;
  epochs_file_waits = true;
  return {};
}

// An idle log keeps no files open, not even for the next sync: they are opened again for that.
error log_state::touch_set_aside() {
  if (!std::exchange(set_aside, false) || segments.empty())
    return {};
  const auto base = segments.back().base();
  std::vector<std::string> paths{home.path(base, suffix::index), home.path(base, suffix::time_index)};
  if (snapshot_at != no_offset)
    paths.push_back(home.path(snapshot_at, suffix::snapshot));
  for (const auto& path : paths) {
    auto written = home.on->open(path, open_mode::create);
    if (!written)
      return written.error();
    touch(*written);
  }
  dirty_directory = true;
  return {};
}

bool log::needs_sync() const {
  const auto& s = *state_;
  return !s.offline && !s.damage
         && (s.durable_end < s.log_end || s.set_aside || !s.dirty_files.empty() || !s.unwritten_aborts.empty()
             || s.dirty_directory || (s.epochs_changed && s.directory_made));
}

sync_ticket log::begin_sync() {
  auto& s = *state_;
  if (auto why = s.touch_set_aside())
    s.failed(why);
  if (s.epochs_changed && s.directory_made && !s.offline)
    if (auto why = s.write_epochs_aside())
      s.failed(why);  // with a full disk the next ticket tries again; the batches tell the epochs too
  sync_ticket ticket;
  ticket.number = ++s.tickets_given;
  ticket.up_to = s.log_end;
  // A marker is not durable before what it says of its transaction is.
  if (auto why = s.offline ? error{} : s.write_aborted()) {
    s.failed(why);
    ticket.up_to = s.unwritten_aborts.front();
  }
  ticket.files = std::exchange(s.dirty_files, {});
  if (std::exchange(s.dirty_directory, false) && !(mutation("M17") && s.segments.size() > 1))
    ticket.directories.push_back(s.home.directory);
  if (std::exchange(s.dirty_parent, false))
    ticket.directories.push_back(parent_path(s.home.directory));
  if (auto* active = s.active())
    active->dirty = false;
  s.unsynced_bytes = 0;
  s.unsynced_records = 0;
  s.ticket_out = true;
  s.ticket_files = ticket.files;
  return ticket;
}

void log::finish_sync(const sync_ticket& ticket) {
  auto& s = *state_;
  if (!s.ticket_out || ticket.number != s.tickets_given)
    return;
  s.ticket_out = false;
  s.ticket_files.clear();
  s.durable_end = std::max(s.durable_end, std::min(ticket.up_to, s.log_end));
  if (!std::exchange(s.epochs_file_waits, false))
    return;
  const auto path = s.home.path(epochs_file_name);
  if (s.home.on->rename(path + std::string{suffix::temporary}, path))
    s.epochs_changed = true;  // tried again with the next ticket
  else
    s.dirty_directory = true;
}

void log::go_offline(const error& why) {
  if (!state_->offline && !mutation("M18"))
    state_->offline = make_error(errc::log_offline, state_->home.directory + ": " + render(why)
                                                      + "; the log takes no appends until it is opened again");
}

bool log::is_offline() const {
  return state_->offline || state_->damage;
}

std::uint64_t log::unsynced_bytes() const {
  return state_->unsynced_bytes;
}

bool log::sync_due(wall_time now) const {
  const auto& s = *state_;
  if (s.unsynced_records == 0)
    return false;
  return s.unsynced_records >= s.how.flush_messages
         || (s.how.flush_age != options::forever && now - s.first_unsynced >= s.how.flush_age);
}

void log::passivate() {
  auto& s = *state_;
  s.set_aside_derived();
  for (auto& part : s.segments)
    if (!part.has_indexes() || !part.open_indexes()->has_pending())
      part.close_files();
  s.forget_positions();
  s.starts.shrink_to_fit();
}

// Writes the indexes and the producers' state of a log that has come to rest, so that its close has nothing left to do.
void log_state::set_aside_derived() {
  auto* current = active();
  if (!current || offline || damage || closed || current->size_bytes() == 0 || !current->has_indexes())
    return;
  auto* indexes = current->open_indexes();
  indexes->seal();
  const bool written = indexes->offset_file().handle() && indexes->time_file().handle();
  if (!indexes->has_pending() && written && snapshot_at == log_end)
    return;
  const auto before = dirty_files.size();
  if (indexes->flush(home) || write_snapshot(log_end))
    return;  // tried again at the next rest, and by `close`
  if (dirty_files.size() > before)
    dirty_files.resize(before);
  set_aside = true;
}

namespace {

error sync_all(log_state& s) {
  for (const auto& written : s.ticket_files)
    if (auto why = written->sync())
      return why;
  for (const auto& written : s.dirty_files)
    if (auto why = written->sync())
      return why;
  if (s.epochs_changed || s.epochs_file_waits)
    if (auto why = replace_file(*s.home.on, s.home.path(epochs_file_name), as_bytes(s.leader_epochs.encode())))
      return why;
  // Always, as a ticket that is still out may have had the directory.
  if (auto why = s.home.on->sync_directory(s.home.directory))
    return why;
  return s.home.on->sync_directory(parent_path(s.home.directory));
}

bool nothing_to_sync(const log_state& s) {
  return !s.set_aside && s.dirty_files.empty() && !s.dirty_directory && !s.dirty_parent && !s.ticket_out
         && !s.epochs_changed && !s.epochs_file_waits;
}

error write_all(log_state& s) {
  if (s.segments.empty())
    return {};
  if (auto why = s.touch_set_aside())
    return why;
  if (auto why = s.write_aborted())
    return why;
  auto& current = s.segments.back();
  if (current.has_indexes() && current.size_bytes() > 0)
    if (auto why = s.flush_active())
      return why;
  return s.write_snapshot(s.log_end);
}

}  // namespace

error log::close() {
  auto& s = *state_;
  if (s.closed)
    return {};
  if (s.offline || s.damage) {
    s.closed = true;
    return s.offline ? s.offline : s.damage;
  }
  if (s.directory_made) {
    if (auto why = write_all(s)) {
      s.closed = true;
      return s.failed(why);
    }
    if (!nothing_to_sync(s))
      if (auto why = sync_all(s)) {
        s.closed = true;
        go_offline(why);
        return s.offline;
      }
  }
  s.closed = true;
  s.durable_end = s.log_end;
  s.dirty_files.clear();
  s.dirty_directory = s.dirty_parent = s.ticket_out = s.epochs_changed = s.epochs_file_waits = false;
  ++s.tickets_given;
  s.unsynced_bytes = 0;
  s.ticket_files.clear();
  for (auto& part : s.segments)
    if (!part.has_indexes() || !part.open_indexes()->has_pending())
      part.close_files();
  return {};
}

}  // namespace troupe::log
