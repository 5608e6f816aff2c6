#include "actors/log_move.hpp"

#include "actors/partition_slice.hpp"
#include "actors/reader.hpp"
#include "actors/syncer.hpp"
#include "runtime/base/bounds.hpp"
#include "runtime/base/sites.hpp"
#include "runtime/log/batch.hpp"
#include "runtime/node/context.hpp"
#include "runtime/node/log_directory.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

/// Where the first batch in `region` begins; `otherwise` when that cannot be read.
offset base_of(const file_region& region, offset otherwise) {
  const auto bytes = bytes_of(region);
  const auto first = bytes ? log::batch_view::parse(*bytes) : expected<log::batch_view>{bytes.error()};
  return first ? first->base_offset() : otherwise;
}

}  // namespace

std::string log_move::folder() const { return partition_folder(log_->spec().topic, log_->spec().id.index); }

std::optional<log_move::progress> log_move::describe() const {
  if (!to_ || !copy_)
    return std::nullopt;
  const auto* from = std::as_const(*log_).get();
  return progress{to_->directory, copy_->size_bytes(),
                  from ? std::max<std::int64_t>(0, from->log_end_offset() - copy_->log_end_offset()) : 0};
}

error log_move::begin(const log_move_begin& to) {
  cancel();
  if (auto failed = log_->open())
    return failed;
  to_ = to;
  if (auto failed = restart()) {
    cancel();
    return failed;
  }
  log_->say(log_level::info, "its log moves to " + to.directory);
  again({});
  return {};
}

/// An empty copy that starts where the log does.
error log_move::restart() {
  ++number_;
  waits_ = false;
  copy_.reset();
  const auto at = future_folder(to_->directory, folder(), log_->spec().id.topic);
  if (auto failed = context_->storage.remove_all(at))
    return failed;
  if (auto failed = context_->storage.make_directories(at))
    return failed;
  log::open_hints nothing;
  nothing.topic = log_->spec().id.topic;
  auto opened = log::log::open(context_->storage, at, log_->options(), nothing, context_->time.wall_now());
  if (!opened)
    return opened.error();
  copy_ = std::move(*opened);
  // The log may start inside a batch, which is copied whole.
  auto start = (*log_)->log_start_offset();
  if (auto first = (*log_)->read(start, 1, (*log_)->log_end_offset(), true); first && first->records.size > 0)
    start = base_of(first->records, start);
  return copy_->truncate_fully_and_start_at(start, context_->time.wall_now());
}

void log_move::cancel() {
  ++number_;
  waits_ = false;
  if (!to_)
    return;
  log_->hold_syncs(false);
  copy_.reset();
  self_->request(to_->syncer, caf::infinite,
                 remove_tree{future_folder(to_->directory, folder(), log_->spec().id.topic)})
    .then([](const disk_done&) {},
          [this](const caf::error& why) { log_->say(log_level::warning, "a copy stays: " + render(why)); });
  to_.reset();
}

void log_move::give_up(const error& why) {
  log_->say(log_level::error, "its log stays where it is, the move failed: " + render(why));
  cancel();
}

void log_move::again(monotonic_time::duration pause) {
  self_->delayed_send(self_, pause, log_move_tick{number_});
}

void log_move::step(const log_move_tick& m) {
  if (m.number != number_ || waits_ || !to_)
    return;
  if (!log_->get() || log_->has_failed())
    return cancel();
  auto failed = is_astray() ? restart() : error{};
  if (!failed)
    failed = copy_some();
  if (failed)
    give_up(failed);
}

/// The log was cut, or lost its front, under the copy.
bool log_move::is_astray() const {
  auto& from = *log_->get();
  const auto end = copy_->log_end_offset();
  if (end > from.log_end_offset())
    return true;
  return copy_->size_bytes() > 0
         && (end < from.log_start_offset() || copy_->epoch_at(end + -1) != from.epoch_at(end + -1));
}

error log_move::copy_some() {
  const auto end = copy_->log_end_offset();
  if (end >= log_->get()->log_end_offset()) {
    if (copy_->unsynced_bytes() > bounds::move_unsynced_bytes)
      return presync(), error{};
    log_->hold_syncs(true);  // or one would always be under way
    if (!log_->may_be_replaced())
      return again(bounds::move_pause), error{};
    return take_over();
  }
  auto& from = *log_->get();
  const auto most = log_->spec().throttles->directories.slice_bytes(bounds::replica_slice_bytes_max);
  auto found = from.read(std::max(end, from.log_start_offset()), most, from.log_end_offset(), true);
  if (!found)
    return found.error();
  const auto now = context_->time.monotonic_now();
  // Writers wait while syncs are held: the last bytes go at once.
  const auto goes_at =
    log_->holds_syncs() ? now : log_->spec().throttles->directories.reserve(found->records.size, now);
  if (auto records = at_hand(found->records); records && std::holds_alternative<byte_slice>(*records)) {
    if (auto failed = copy(std::get<byte_slice>(*records)))
      return failed;
    if (log_->holds_syncs() && log_->may_be_replaced())
      return copy_some();  // writers may be faster than messages
    return again(std::max<monotonic_time::duration>(goes_at - now, {})), error{};
  }
  waits_ = true;
  self_->request(log_->spec().reader, caf::infinite, read_region{found->records})
    .then([this, number = number_, goes_at](const region_bytes& got) {
            if (number != number_)
              return;
            waits_ = false;
            if (auto failed = copy(got.bytes))
              return give_up(failed);
            again(std::max<monotonic_time::duration>(goes_at - context_->time.monotonic_now(), {}));
          },
          [this, number = number_](const caf::error& why) {
            if (number == number_)
              give_up(why);
          });
  return {};
}

error log_move::copy(const byte_slice& batches) {
  auto done = copy_->append_as_follower(batches, context_->time.wall_now());
  return done ? error{} : done.error();
}

/// Most of it becomes durable while the partition goes on.
void log_move::presync() {
  waits_ = true;
  auto ticket = copy_->begin_sync();
  sync_files work{ticket.files, ticket.directories};
  self_->request(to_->syncer, caf::infinite, std::move(work))
    .then([this, number = number_, ticket = std::move(ticket)](const disk_done&) {
            if (number != number_)
              return;
            waits_ = false;
            copy_->finish_sync(ticket);
            again({});
          },
          [this, number = number_](const caf::error& why) {
            if (number == number_)
              give_up(why);
          });
}

/// The copy has all and becomes the log. Waits for the disk, for a little that is not durable yet and two directories:
/// what is acknowledged from here on lies in the new place.
error log_move::take_over() {
  auto& from = *log_->get();
  if (from.latest_epoch() > copy_->latest_epoch())
    copy_->assign_epoch(from.latest_epoch());
  if (from.log_start_offset() > copy_->log_start_offset())
    if (auto failed = copy_->advance_log_start(from.log_start_offset(), context_->time.wall_now()))
      return failed;
  if (auto failed = copy_->close())
    return failed;
  copy_.reset();
  const auto id = log_->spec().id;
  const auto ready = to_->directory + "/" + folder() + "." + to_string(id.topic) + ready_suffix;
  const auto leftover = log_->spec().directory + "." + to_string(id.topic) + deleted_suffix;
  if (auto failed = swap_folders(ready, leftover)) {
    // Once its folder has another name, nothing may be written to it: the next start finds the whole copy.
    if (const auto there = context_->storage.exists(log_->spec().directory); !there || !*there)
      from.go_offline(failed);
    return failed;
  }
  const auto place = to_->directory + "/" + folder();
  if (auto failed = log_->replace(place, to_->syncer)) {
    from.go_offline(failed);
    return failed;
  }
  log_->say(log_level::info, "its log has moved to " + to_->directory);
  self_->send(log_->spec().supervisor, log_moved{id, log_->spec().topic, to_->directory, leftover});
  log_->report_durable();
  log_->hold_syncs(false);
  to_.reset();
  ++number_;
  return {};
}

error log_move::swap_folders(const std::string& ready, const std::string& leftover) {
  auto& disk = context_->storage;
  const auto& old = log_->spec().directory;
  if (auto failed = disk.rename(future_folder(to_->directory, folder(), log_->spec().id.topic), ready))
    return failed;
  if (auto failed = disk.sync_directory(to_->directory))
    return failed;
  if (auto there = disk.exists(old); !there)
    return there.error();
  else if (*there) {
    if (auto failed = disk.rename(old, leftover))
      return failed;
    if (auto failed = disk.sync_directory(parent_path(old)))
      return failed;
  }
  if (auto failed = disk.rename(ready, to_->directory + "/" + folder()))
    return failed;
  return disk.sync_directory(to_->directory);
}

}  // namespace troupe
