#include "actors/leader_role.hpp"

#include "actors/partition_description.hpp"
#include "actors/partition_timers.hpp"
#include "runtime/base/bounds.hpp"
#include "runtime/base/mutation.hpp"
#include "runtime/base/sites.hpp"
#include "runtime/node/context.hpp"
#include "runtime/node/epoch_check.hpp"
#include "runtime/node/errors.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <utility>

namespace troupe {

using schema::PartitionEpochEnd;
using schema::PartitionEpochQuery;
using schema::PartitionOffset;
using schema::PartitionOffsetQuery;
using schema::PartitionRead;
using schema::PartitionSlice;

leader_role::leader_role(caf::event_based_actor& self, node_context& context, replica_log& log, leader_epoch epoch,
                         offset high_watermark, owed_acks owed)
  : self_(self),
    context_(context),
    log_(log),
    epoch_(epoch),
    known_watermark_(high_watermark),
    acks_(std::move(owed)),
    trims_(bounds::parked_acks_max),
    readers_(self, context, log),
    transactions_(self, context, log.spec().coordination,
                  [this](held_append one, bool is_judged) { append_held(std::move(one), is_judged); }) {
  if (!acks_.empty())
    arm(acks_.next_deadline());
  if (log_.get())
    log_opened();
}

void leader_role::log_opened() {
  log_->assign_epoch(epoch_);
  replicas_.emplace(context_.self, epoch_, log_.within(known_watermark_), log_->log_end_offset());
  replicas_->set_members(decided_);
  settings_changed();
  report_own();
}

void leader_role::decide(replication::membership decided) {
  if (decided.partition_epoch < decided_.partition_epoch)
    return;  // the answer to a wish was faster than the metadata
  decided_ = decided;
  if (log_.has_failed())
    resign();
  if (!replicas_)
    return;
  replicas_->set_members(std::move(decided));
  was_refused_ = false;
  on_progress();
  ask_for_isr();
}

void leader_role::settings_changed() {
  if (!replicas_)
    return;
  const auto& how = log_.options();
  replicas_->set_rules({how.durability == log::durability::fsync ? replication::commit_rule::durable
                                                                 : replication::commit_rule::appended,
                        static_cast<std::size_t>(how.min_in_sync_replicas),
                        context_.settings.duration("replica.lag.time.max.ms")});
  on_progress();
}

offset leader_role::high_watermark() const {
  return replicas_ ? replicas_->high_watermark() : known_watermark_;
}

// -- admission --------------------------------------------------------------------------------------------------------

error leader_role::admit(std::int32_t sender_epoch) {
  if (auto refused = check_epoch(leader_epoch{sender_epoch}, epoch_, describe()))
    return refused;
  return log_.open();
}

error leader_role::admit_write(std::int32_t sender_epoch, int acks) {
  if (auto refused = admit(sender_epoch))
    return refused;
  if (acks == -1 && !replicas_->enough_in_sync()) {
    probe("fewer in sync than min.insync.replicas");
    return make_error(node_errc::not_enough_replicas,
                      describe() + ": fewer replicas in sync than min.insync.replicas asks for");
  }
  if (acks == -1 && acks_.full())
    return make_error(node_errc::queue_full, describe() + ": too many requests wait for the high watermark");
  return {};
}

// -- clients ----------------------------------------------------------------------------------------------------------

caf::result<wire<PartitionSlice>> leader_role::read(const wire<PartitionRead>& m) {
  if (auto refused = admit(m->getLeaderEpoch()))
    return refused;
  if (log_.is_settling())
    return caf::skip;
  if (auto nearer = nearer_replica(*m))
    return slice_elsewhere(*nearer, replicas_->high_watermark(), log_->log_start_offset());
  return readers_.read(m, replicas_->high_watermark());
}

/// A replica among those near the reader that has what it wants. Out of sync ones may fall behind for ever, and a
/// reader that is sent to one with them (KAFKA-14372).
std::optional<node_id> leader_role::nearer_replica(PartitionRead::Reader m) const {
  std::vector<node_id> near;
  for (auto id : m.getNearNodes())
    near.emplace_back(id);
  return near.empty() ? std::nullopt : replicas_->best_to_read(near, offset{m.getOffset()});
}

caf::result<wire<PartitionOffset>> leader_role::find_offset(const wire<PartitionOffsetQuery>& m) {
  if (auto refused = admit(m->getLeaderEpoch()))
    return refused;
  if (m->getTimestampMs() < log::log::earliest_local_time)
    return answer_of(log::found_offset{});  // times of tiers: there is nothing in one
  if (log_.is_settling())
    return caf::skip;
  if (!m->getAsReplica() && !replicas_->knows_high_watermark() && m->getTimestampMs() != log::log::earliest_time
      && m->getTimestampMs() != log::log::earliest_local_time)
    return make_error(node_errc::offset_not_available,
                      describe() + ": its new leader does not know yet what is committed; ask again");
  auto limit = m->getAsReplica() ? log_->log_end_offset() : replicas_->high_watermark();
  if (m->getCommittedOnly())
    limit = log_->last_stable_offset(limit);
  auto found = log_->find_offset(m->getTimestampMs(), limit);
  if (!found)
    return found.error();
  return answer_of(*found);
}

caf::result<wire<PartitionEpochEnd>> leader_role::find_epoch_end(const wire<PartitionEpochQuery>& m) {
  if (auto refused = admit(m->getLeaderEpoch()))
    return refused;
  return answer_of(log_->end_offset_for_epoch(leader_epoch{m->getEpoch()}));
}

// -- progress ---------------------------------------------------------------------------------------------------------

void leader_role::report_own() {
  replicas_->report_own(log_->log_end_offset(), log_->durable_end(), context_.time.monotonic_now());
}

void leader_role::log_durable() {
  if (!replicas_)
    return;
  report_own();
  on_progress();
}

/// The high watermark or the log's start may have moved: answers whoever waited for that.
void leader_role::on_progress() {
  for (auto& ready : acks_.release(replicas_->high_watermark()))
    ready.promise.deliver(std::move(ready.answer));
  answer_trims();
  settle_doubts();
  if (const auto now = replicas_->high_watermark(); std::exchange(known_watermark_, now) != now) {
    log_->note_high_watermark(now);
    log_.note_watermark_moved();
  }
  readers_.advance(replicas_->high_watermark());
  if (!lag_armed_ && replicas_->somebody_is_behind()) {
    lag_armed_ = true;
    self_.delayed_send(&self_, context_.settings.duration("replica.lag.time.max.ms") / 2, lag_tick{epoch_});
  }
  const auto unaware = [this](const auto& f) {
    return f.second.ready && f.second.told_watermark < replicas_->high_watermark();
  };
  if (!watermark_armed_ && std::any_of(followers_.begin(), followers_.end(), unaware)) {
    watermark_armed_ = true;
    self_.delayed_send(&self_, bounds::high_watermark_push, watermark_tick{});
  }
}

void leader_role::arm(monotonic_time deadline) {
  if (deadline >= armed_until_)
    return;
  armed_until_ = deadline;
  self_.delayed_send(&self_, deadline - context_.time.monotonic_now(), deadline_tick{deadline});
}

void leader_role::on_deadline(monotonic_time due) {
  if (due != armed_until_)
    return;
  armed_until_ = monotonic_time::max();
  const auto now = context_.time.monotonic_now();
  for (auto& late : acks_.expire(now)) {
    probe("acks=all timed out");
    late.promise.deliver(
        make_error(node_errc::request_timed_out, describe() + ": the in-sync replicas did not follow in time"));
  }
  for (auto& late : trims_.expire(now))
    late.promise.deliver(
        make_error(node_errc::request_timed_out, describe() + ": the in-sync replicas did not delete in time"));
  expire_doubts(now);
  const auto next = std::min({acks_.next_deadline(), trims_.next_deadline(), next_doubt_deadline()});
  if (next != monotonic_time::max())
    arm(next);
}

void leader_role::fail_waiting(const error& why) {
  transactions_.fail_all(why);
  for (auto& waiting : acks_.take_all())
    waiting.promise.deliver(why);
  fail_trims(why);
  fail_doubts(why);
  readers_.fail_all(why);
}

owed_acks leader_role::hand_over(const error& why) {
  transactions_.fail_all(why);
  readers_.fail_all(why);
  fail_trims(why);
  fail_doubts(why);
  return std::exchange(acks_, owed_acks{bounds::parked_acks_max});
}

}  // namespace troupe
