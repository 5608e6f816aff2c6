#include "actors/replica_log.hpp"

#include "actors/partition_description.hpp"
#include "actors/partition_timers.hpp"
#include "actors/syncer.hpp"
#include "runtime/base/bounds.hpp"
#include "runtime/node/context.hpp"
#include "runtime/node/errors.hpp"
#include "runtime/node/log_directory.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <utility>

namespace troupe {

using schema::PartitionDurable;

void replica_log::start(caf::event_based_actor* self, node_context& context, partition_spec spec, events heard) {
  self_ = self;
  context_ = &context;
  spec_ = std::move(spec);
  heard_ = std::move(heard);
}

void replica_log::set(const partition_settings& changed) {
  spec_.settings = changed;
  if (log_)
    log_->set_options(changed.options);
}

error replica_log::open() {
  if (log_)
    return {};
  if (open_failed_)
    return open_failed_;
  auto aside = put_aside_foreign(context_->storage, spec_.directory, spec_.id.topic);
  if (aside && !aside->empty())
    say(log_level::warning, "its folder held a deleted topic of the same name, which is now at " + *aside);
  auto opened =
      log::log::open(context_->storage, spec_.directory, options(), spec_.hints, context_->time.wall_now());
  if (!opened) {
    auto why = with_context(describe(), opened.error());
    say(log_level::error, render(why));
    if (!is_error(why, error_domain::disk, static_cast<std::uint8_t>(disk_errc::out_of_handles)))
      heard_.on_failure(open_failed_ = why);  // all else needs a person
    return why;
  }
  log_ = std::move(*opened);
  opened_end_ = log_->log_end_offset();
  for (const auto& line : log_->recovery().lines)
    say(log_level::warning, line);
  heard_.on_open();
  begin_sync();  // what was found may not be durable yet, and nothing may come that would make it so
  return {};
}

bool replica_log::is_settling() const {
  return !log_->is_offline() && log_->durable_end() < opened_end_;
}

// -- syncs ------------------------------------------------------------------------------------------------------------

void replica_log::sync_if_due() {
  if (spec_.settings.options.durability == log::durability::fsync || log_->sync_due(context_->time.wall_now())
      || log_->unsynced_bytes() > bounds::unsynced_bytes_max)
    return begin_sync();
  // What is appended last is synced flush.ms later, also when nothing follows.
  if (flush_armed_ || spec_.settings.options.flush_age == log::options::forever || log_->unsynced_bytes() == 0)
    return;
  flush_armed_ = true;
  self_->delayed_send(self_, spec_.settings.options.flush_age, flush_tick{});
}

void replica_log::flush() {
  flush_armed_ = false;
  if (log_)
    sync_if_due();
}

void replica_log::begin_sync() {
  if (syncing_ || syncs_held_ || log_->is_offline() || !log_->needs_sync())
    return;
  syncing_ = true;
  auto ticket = log_->begin_sync();
  sync_files work{ticket.files, ticket.directories};
  self_->request(spec_.syncer, caf::infinite, std::move(work))
    .then([this, ticket = std::move(ticket)](const disk_done&) { synced(ticket); },
          [this](const caf::error& why) { sync_failed(why); });
}

void replica_log::hold_syncs(bool hold) {
  syncs_held_ = hold;
  if (hold || !log_)
    return;
  heard_.on_durable();
  sync_if_due();
}

void replica_log::synced(const log::sync_ticket& ticket) {
  syncing_ = false;
  if (log_) {
    log_->finish_sync(ticket);
    heard_.on_durable();
    sync_if_due();
  }
  go_on_resting();
}

/// The pages may be gone while the kernel calls them clean: nothing appended since the last sync can be promised, ever.
void replica_log::sync_failed(const error& why) {
  syncing_ = false;
  if (log_) {
    log_->go_offline(why);
    heard_.on_failure(failed_write(why));
  }
  go_on_resting();
}

void replica_log::rest(std::function<void()> then) {
  if (open())
    return then();
  begin_sync();
  if (syncing_ && !touched_)
    return resting_.push_back(std::move(then));
  if (!touched_)
    log_->passivate();
  then();
}

void replica_log::go_on_resting() {
  for (auto& then : std::exchange(resting_, {}))
    if (log_)
      rest(std::move(then));
    else
      then();
}

// -- cutting ----------------------------------------------------------------------------------------------------------

void replica_log::lower_recovery_point(offset to, std::function<void(const error&)> then) {
  if (to >= log_->durable_end())
    return then({});
  auto left = known();
  left.recovery_point = to;
  left.log_start_offset = std::min(left.log_start_offset, to);
  left.cleaned_to = std::min(left.cleaned_to, to);
  recovery_point_lowered lowered{
    durable_point_of(spec_.topic, spec_.id.index, left, std::min(heard_.high_watermark(), to))};
  ++open_cuts_;
  self_->request(spec_.supervisor, caf::infinite, std::move(lowered))
    .then([this, then](const disk_done&) { --open_cuts_; then({}); },
          [this, then](const caf::error& why) { --open_cuts_; then(why); });
}

void replica_log::truncate_to(offset to, std::function<void(const error&)> then) {
  lower_recovery_point(to, [this, to, number = ++last_cut_, then = std::move(then)](const error& failed) {
    if (failed || !log_ || number != last_cut_)
      return then(failed);
    finish_cut(to, log_->truncate_to(to, context_->time.wall_now()), then);
  });
}

void replica_log::restart_at(offset at, std::function<void(const error&)> then) {
  lower_recovery_point(offset{0}, [this, at, number = ++last_cut_, then = std::move(then)](const error& failed) {
    if (failed || !log_ || number != last_cut_)
      return then(failed);
    finish_cut(at, log_->truncate_fully_and_start_at(at, context_->time.wall_now()), then);
  });
}

error replica_log::replace(const std::string& directory, caf::actor syncer) {
  auto there = known();
  there.clean_stop = true;
  there.recovery_point = log_->log_end_offset();
  there.log_start_offset = log_->log_start_offset();
  auto opened = log::log::open(context_->storage, directory, options(), there, context_->time.wall_now());
  if (!opened)
    return opened.error();
  spec_.directory = directory;
  spec_.syncer = std::move(syncer);
  log_ = std::move(*opened);
  ++life_;
  ++last_cut_;
  return {};
}

/// What was found at the opening and is cut off now will not become durable: nobody may wait for that.
void replica_log::finish_cut(offset end, const error& failed, const std::function<void(const error&)>& then) {
  if (!failed) {
    opened_end_ = std::min(opened_end_, end);
    begin_sync();
  }
  then(failed);
}

// -- upkeep and the end -----------------------------------------------------------------------------------------------

void replica_log::upkeep(offset high_watermark, bool idle) {
  if (!log_)
    return;
  const auto now = context_->time.wall_now();
  if (auto removed = log_->apply_retention(now, high_watermark); !removed)
    say(log_level::warning, render(removed.error()));
  log_->expire_producers(now);
  begin_sync();
  report_durable();
  if (!touched_ && !syncing_ && idle) {
    log_->passivate();
    begin_sync();
  }
  touched_ = false;
  for (const auto& line : log_->take_notes())
    say(log_level::warning, line);
}

/// Readers of committed records wait for the first open transaction. One that is open for longer than any coordinator
/// allows has been forgotten by its own: an operator has to end it.
void replica_log::watch_transactions() {
  if (!log_)
    return;
  const auto now = context_->time.monotonic_now();
  const auto open = log_->first_open_transaction();
  if (!open || open->first != open_transaction_) {
    open_transaction_ = open ? open->first : no_offset;
    open_since_ = now;
    return;
  }
  if (open_since_ == monotonic_time::max()
      || now - open_since_ < context_->settings.duration("transaction.max.timeout.ms"))
    return;
  open_since_ = monotonic_time::max();
  const auto* producer = log_->find_producer(open->second);
  say(log_level::warning,
      "producer " + std::to_string(open->second.value) + " with epoch " + std::to_string(producer->epoch)
        + " has had a transaction open for longer than transaction.max.timeout.ms: readers of committed records get"
        + " nothing from offset " + std::to_string(open->first.value)
        + " on; if no coordinator knows it, end it with kafka-transactions abort");
}

error replica_log::failed_write(const error& why) {
  const bool full = is_error(why, log::errc::no_space);
  if ((log_->is_offline() || full) && !failure_said_) {
    failure_said_ = true;
    say(log_level::error, render(why) + (full ? "" : "; it takes no more writes, reads are served on"));
  }
  return with_context(describe(), why);
}

wire<PartitionDurable> replica_log::durable_point() const {
  return durable_point_of(spec_.topic, spec_.id.index, known(), heard_.high_watermark());
}

/// By the log, or as it was at the start where that is not open.
log::open_hints replica_log::known() const {
  auto out = spec_.hints;
  if (log_) {
    out.recovery_point = log_->durable_end();
    out.log_start_offset = log_->log_start_offset();
    out.cleaned_to = log_->cleaned_to();
  }
  return out;
}

void replica_log::note_watermark_moved() {
  if (!std::exchange(watermark_armed_, true))
    self_->delayed_send(self_, context_->settings.duration("replica.high.watermark.checkpoint.interval.ms"),
                        checkpoint_watermark_tick{});
}

void replica_log::checkpoint_watermark() {
  watermark_armed_ = false;
  report_durable();
}

void replica_log::report_durable() {
  self_->send(spec_.supervisor, durable_point());
}

caf::result<wire<PartitionDurable>> replica_log::close() {
  if (log_) {
    if (auto failed = log_->close())
      return failed;
  } else if (auto there = context_->storage.exists(spec_.directory); !spec_.hints.clean_stop && (!there || *there)) {
    return make_error(node_errc::shutting_down, describe() + ": not verified since the last start");
  }
  return durable_point();
}

void replica_log::say(log_level level, std::string_view line) {
  context_->log.write(level, "partition " + describe(), line);
}

}  // namespace troupe
