#include "actors/follower_role.hpp"

#include "actors/partition_description.hpp"
#include "actors/partition_timers.hpp"
#include "actors/replicator.hpp"
#include "runtime/base/bounds.hpp"
#include "runtime/base/mutation.hpp"
#include "runtime/base/sites.hpp"
#include "runtime/log/batch.hpp"
#include "runtime/metadata/partition_change.hpp"
#include "runtime/node/context.hpp"
#include "runtime/node/epoch_check.hpp"
#include "runtime/node/errors.hpp"
#include "runtime/replication/follower.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <utility>

namespace troupe {

using Refusal = schema::ReplicaSlice::Refusal;

follower_role::follower_role(caf::event_based_actor& self, node_context& context, replica_log& log, leader_epoch epoch,
                             caf::actor source, offset high_watermark, owed_acks owed)
  : self_(self),
    context_(context),
    log_(log),
    epoch_(epoch),
    source_(std::move(source)),
    high_watermark_(log.get() ? log.within(high_watermark) : high_watermark),
    owed_(std::move(owed)),
    readers_(self, context, log) {
  if (owed_.empty())
    return;
  probe("deposed leader owes answers");
  owed_.limit_deadlines(context_.time.monotonic_now() + bounds::deposed_ack_max);
  self_.delayed_send(&self_, owed_.next_deadline() - context_.time.monotonic_now(), owed_tick{});
}

void follower_role::decide(const replication::membership& decided) {
  const auto is_among = [this](const auto& all) { return metadata::holds(all, context_.self); };
  partition_epoch_ = decided.partition_epoch;
  const bool came_into_sync = !std::exchange(is_in_sync_, is_among(decided.in_sync)) && is_in_sync_;
  is_added_ = is_among(decided.adding);
  const bool is_member = is_among(decided.replicas);
  const bool came_back = !std::exchange(is_member_, is_member) && is_member;
  if (!std::exchange(has_begun_, true) || came_back)
    begin();
  else if (came_into_sync)
    on_throttle_tick();  // what held it back does so no more
}

void follower_role::begin() {
  if (!source_ || log_.open())
    return;
  if (mutation("M01") && high_watermark_ < log_->log_end_offset())
    return cut(high_watermark_);
  tell(true);
}

owed_acks follower_role::end() {
  log_.abandon_cut();
  if (source_)
    self_.send(source_, unfollow{log_.spec().id, epoch_});
  readers_.answer_all(high_watermark_);
  return std::exchange(owed_, owed_acks{0});
}

// -- clients ----------------------------------------------------------------------------------------------------------

error follower_role::admit(std::int32_t sender_epoch) {
  if (auto refused = check_epoch(leader_epoch{sender_epoch}, epoch_, log_.describe()))
    return refused;
  return log_.open();
}

caf::result<wire<schema::PartitionSlice>> follower_role::read(const wire<schema::PartitionRead>& m) {
  if (auto refused = admit(m->getLeaderEpoch()))
    return refused;
  probe("follower serves a reader");
  return readers_.read(m, high_watermark_);
}

caf::result<wire<schema::PartitionOffset>> follower_role::find_offset(const wire<schema::PartitionOffsetQuery>& m) {
  if (auto refused = admit(m->getLeaderEpoch()))
    return refused;
  auto found = log_->find_offset(m->getTimestampMs(), log_->log_end_offset());
  if (!found)
    return found.error();
  return answer_of(*found);
}

void follower_role::fail_waiting(const error& why) {
  readers_.fail_all(why);
  for (auto& waiting : end().take_all())
    waiting.promise.deliver(why);
}

// -- following --------------------------------------------------------------------------------------------------------

/// Says how far this replica is; `ready`: and wants more.
void follower_role::tell(bool ready) {
  if (log_->is_offline())
    return;  // what cannot be written is not asked for; the leader drops this replica from the in-sync ones in time
  const auto end = log_->log_end_offset();
  // Of the last record: an epoch under which this node led without writing anything is nobody's concern.
  const auto last_epoch = end > log_->log_start_offset() ? log_->epoch_at(end + -1) : no_epoch;
  told_start_ = log_->log_start_offset();
  self_.send(source_, follow{log_.spec().id, caf::actor_cast<caf::actor>(&self_), epoch_, end, log_->durable_end(),
                             last_epoch, told_start_, ready, partition_epoch_});
}

void follower_role::take(const replica_slice& m) {
  if (m.epoch != epoch_ && !mutation("M03") && m.refusal != Refusal::UNKNOWN_EPOCH && m.refusal != Refusal::NOT_LEADER)
    return;
  if (!log_.get() || cutting_)
    return;
  // Sent for another place: before the link broke, before the log was cut, or for a replica that was here before.
  const bool is_for_us = m.from == log_->log_end_offset() || mutation("M03");
  switch (m.refusal) {
    case Refusal::NONE: break;
    case Refusal::OUT_OF_RANGE: return is_for_us ? restart(m.log_start) : tell(true);
    case Refusal::FENCED_EPOCH: return;  // news from the controller are on their way
    case Refusal::NOT_LEADER:
    case Refusal::UNKNOWN_EPOCH:
    case Refusal::STORAGE: return retry_later();
  }
  if (buggify("replica slice lost"))
    return retry_later();
  if (m.diverging) {
    if (!is_for_us)
      return tell(true);
    const auto own = log_->end_offset_for_epoch(m.diverging->epoch);
    return cut(replication::truncation_point({m.diverging->epoch, m.diverging->end}, {own.epoch, own.end},
                                             log_->log_end_offset()));
  }
  if (const auto* records = std::get_if<byte_slice>(&m.records); records && !records->empty())
    return is_for_us ? append(m, *records) : tell(true);
  raise_watermark(m);
  if (m.asks || log_->log_start_offset() != told_start_)
    tell(false);  // somebody at the leader may wait for it
}

void follower_role::append(const replica_slice& m, const byte_slice& records) {
  const auto first = log::batch_view::parse(records);
  if (!first || first->last_offset() < log_->log_end_offset())
    return tell(true);
  if (first->base_offset() < log_->log_end_offset() && log_->log_start_offset() == log_->log_end_offset())
    return begin_inside(m, first->base_offset());
  if (auto done = log_->append_as_follower(records, context_.time.wall_now()); !done) {
    // It is tried again many times a second, for as long as a disk is full.
    if (auto why = render(log_.failed_write(done.error())); why != told_failure_) {
      log_.say(log_level::error, "cannot follow: " + why);
      told_failure_ = std::move(why);
    }
    return retry_later();
  }
  told_failure_.clear();
  log_.touch();
  log_.note_success();
  raise_watermark(m);
  log_.sync_if_due();
  ask_for_more(records.size());
}

/// The leader's log starts inside a batch, since the records before were deleted: this one has to begin with the whole
/// batch, and starts where the leader's does all the same.
void follower_role::begin_inside(const replica_slice& m, offset base) {
  probe("follower begins inside a batch");
  cutting_ = true;
  log_.restart_at(base, [this, m, alive = std::weak_ptr<int>{alive_}](const error& failed) {
    if (alive.expired())
      return;
    cutting_ = false;
    if (!log_.get())
      return;
    if (failed)
      return after_cut(failed);
    append(m, std::get<byte_slice>(m.records));
  });
}

/// What holds this replica back while it is not in sync: the topic's settings, or the reassignment that adds it.
replication::throttle* follower_role::throttle() const {
  if (is_in_sync_)
    return nullptr;
  auto& all = *log_.spec().throttles;
  return log_.throttled().follower ? &all.followers : is_added_ ? &all.moves_in : nullptr;
}

/// Those bytes have come; the next ones are asked for when that many may have gone.
void follower_role::ask_for_more(std::size_t after_bytes) {
  if (auto* held_by = throttle()) {
    const auto now = context_.time.monotonic_now();
    held_by->reserve(after_bytes, now);
    if (const auto at = held_by->reserve(0, now); at > now) {
      probe("a replica waits for a throttle");
      self_.delayed_send(&self_, at - now, throttle_tick{epoch_});
      return tell(false);
    }
  }
  tell(true);
}

void follower_role::on_throttle_tick() {
  if (source_ && log_.get() && !cutting_)
    tell(true);
}

void follower_role::raise_watermark(const replica_slice& m) {
  const auto before = std::exchange(
    high_watermark_, replication::followed_high_watermark(m.high_watermark, log_->log_end_offset(), high_watermark_));
  if (high_watermark_ != before) {
    log_->note_high_watermark(high_watermark_);
    log_.note_watermark_moved();
  }
  for (auto& committed : owed_.release(high_watermark_)) {
    probe("deposed leader answers for its successor");
    committed.promise.deliver(std::move(committed.answer));
  }
  const auto start = std::min(m.log_start, log_->log_end_offset());
  if (start > log_->log_start_offset())
    if (auto failed = log_->advance_log_start(start, context_.time.wall_now()))
      log_.say(log_level::warning, render(failed));
  readers_.advance(high_watermark_);
}

void follower_role::after_upkeep() {
  if (source_ && log_.get() && !cutting_ && log_->log_start_offset() != told_start_)
    tell(false);
}

void follower_role::cut(offset to) {
  if (to < high_watermark_)
    log_.say(log_level::warning, "records that were committed are cut off, from offset " + std::to_string(to.value)
                                   + " on, since the leader does not have them (an unclean election?)");
  high_watermark_ = std::min(high_watermark_, to);
  if (to >= log_->log_end_offset())
    return retry_later();  // nothing to cut, and yet the logs differ: the leader will see it otherwise in a moment
  log_.say(log_level::info, "cuts its log from " + std::to_string(log_->log_end_offset().value) + " to "
                              + std::to_string(to.value) + ", where the leader's differs");
  probe("follower cuts its log");
  fail(owed_.take_above(to));
  cutting_ = true;
  log_.truncate_to(to, [this, alive = std::weak_ptr<int>{alive_}](const error& failed) {
    if (!alive.expired())
      after_cut(failed);
  });
}

void follower_role::restart(offset at) {
  log_.say(log_level::info, "begins anew at offset " + std::to_string(at.value) + ", where the leader's log starts");
  probe("follower begins anew at the leader's start");
  fail(owed_.take_all());
  cutting_ = true;
  log_.restart_at(at, [this, alive = std::weak_ptr<int>{alive_}](const error& failed) {
    if (!alive.expired())
      after_cut(failed);
  });
}

void follower_role::after_cut(const error& failed) {
  cutting_ = false;
  if (!log_.get())
    return;  // the topic was deleted meanwhile, and the log with it
  if (failed) {
    log_.say(log_level::error, "could not cut its log: " + render(failed));
    return retry_later();
  }
  high_watermark_ = std::min(high_watermark_, log_->log_end_offset());
  tell(true);
}

void follower_role::log_opened() {
  high_watermark_ = log_.within(high_watermark_);
}

void follower_role::log_durable() {
  if (source_ && !cutting_)
    tell(false);
}

void follower_role::on_owed_tick() {
  fail(owed_.expire(context_.time.monotonic_now()));
  if (!owed_.empty())
    self_.delayed_send(&self_, owed_.next_deadline() - context_.time.monotonic_now(), owed_tick{});
}

void follower_role::fail(std::vector<parked_ack> owed) {
  for (auto& waiting : owed)
    waiting.promise.deliver(make_error(node_errc::not_leader, log_.describe() + ": its leader has changed"));
}

void follower_role::retry_later() {
  self_.delayed_send(&self_, bounds::follower_retry_pause, retry_following{epoch_});
}

}  // namespace troupe
