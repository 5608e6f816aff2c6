// The side of the leader's role that followers see, and what follows from it for the in-sync replicas.

#include "actors/leader_role.hpp"
#include "actors/partition_timers.hpp"
#include "runtime/base/bounds.hpp"
#include "runtime/base/mutation.hpp"
#include "runtime/base/sites.hpp"
#include "runtime/metadata/image.hpp"
#include "runtime/metadata/partition_change.hpp"
#include "runtime/node/context.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <utility>

namespace troupe {

using schema::IsrChange;
using schema::IsrWish;
using schema::ReplicaSlice;

// -- feeding ----------------------------------------------------------------------------------------------------------

void leader_role::hear(const follower_position& m) {
  if (auto refused = refusal_for(m)) {
    self_.send(m.feeder, std::move(*refused));
    return;
  }
  auto& f = followers_[m.follower];
  f.feeder = m.feeder;
  if (std::exchange(f.session, m.session) != m.session)
    f.told_watermark = offset{-1};
  if (auto diverging = divergence_of(m)) {
    if (mutation("M04"))
      replicas_->report(m.follower, {m.log_end, m.durable_end, m.broker_epoch, m.log_start, m.partition_epoch},
                        context_.time.monotonic_now());
    probe("follower's log diverges");
    // What it has beyond is not this log's: it does not count for anything (KAFKA-14704).
    f.ready = false;
    auto slice = slice_for(m.follower);
    slice.diverging = diverging;
    slice.from = m.log_end;
    return send_slice(f, std::move(slice));
  }
  f.wants = m.log_end;
  f.ready |= m.ready;
  replicas_->report(m.follower, {m.log_end, m.durable_end, m.broker_epoch, m.log_start, m.partition_epoch},
                    context_.time.monotonic_now());
  feed(m.follower, f);
  on_progress();
  ask_for_isr();
}

std::optional<replica_slice> leader_role::refusal_for(const follower_position& m) {
  replica_slice slice{log_.spec().id, m.follower, epoch_, {}, high_watermark(), offset{0}, {}, {}};
  if (m.epoch < epoch_)
    probe("position from an older epoch");
  if (m.epoch != epoch_ && !mutation("M03")) {
    slice.refusal = m.epoch < epoch_ ? ReplicaSlice::Refusal::FENCED_EPOCH : ReplicaSlice::Refusal::UNKNOWN_EPOCH;
    return slice;
  }
  if (log_.open()) {
    slice.refusal = ReplicaSlice::Refusal::STORAGE;
    return slice;
  }
  if (m.log_end >= log_->log_start_offset())
    return std::nullopt;
  slice.log_start = log_->log_start_offset();
  slice.refusal = ReplicaSlice::Refusal::OUT_OF_RANGE;
  slice.from = m.log_end;
  return slice;
}

std::optional<log::epoch_end> leader_role::divergence_of(const follower_position& m) const {
  const auto* log = log_.get();
  if (m.last_epoch == no_epoch)
    return m.log_end > log->log_end_offset() ? std::optional{log::epoch_end{no_epoch, log->log_end_offset()}}
                                             : std::nullopt;
  const auto end = mutation("M02") ? log->end_offset_for_epoch(epoch_) : log->end_offset_for_epoch(m.last_epoch);
  if (end.epoch == m.last_epoch && end.end >= m.log_end)
    return std::nullopt;
  return end.epoch == no_epoch ? log::epoch_end{no_epoch, log->log_start_offset()} : end;
}

replica_slice leader_role::slice_for(node_id follower) const {
  return {log_.spec().id, follower, epoch_, {}, replicas_->high_watermark(), log_.get()->log_start_offset(), {}, {}};
}

void leader_role::feed_all() {
  for (auto& [id, f] : followers_)
    feed(id, f);
}

/// What holds back records for a follower that is not in sync: the topic's settings, or a reassignment that adds it.
replication::throttle* leader_role::throttle_for(node_id follower) const {
  if (metadata::holds(decided_.in_sync, follower))
    return nullptr;
  auto& all = *log_.spec().throttles;
  return log_.throttled().leader ? &all.leaders : metadata::holds(decided_.adding, follower) ? &all.moves_out : nullptr;
}

/// Whether a slice of so many bytes has to wait; it is paid for then, and goes when its time has come.
bool leader_role::must_wait(node_id follower, fed_follower& f, std::size_t bytes) {
  auto* held_by = throttle_for(follower);
  const auto now = context_.time.monotonic_now();
  if (f.paid == 0 && held_by) {
    f.goes_at = held_by->reserve(bytes, now);
    f.paid = bytes;
    if (f.goes_at > now) {
      probe("a replica's records wait for a throttle");
      self_.delayed_send(&self_, f.goes_at - now, throttle_tick{epoch_});
    }
  }
  if (held_by && f.goes_at > now)
    return true;
  f.paid = 0;
  return false;
}

void leader_role::on_throttle_tick() {
  if (replicas_)
    feed_all();
}

void leader_role::feed(node_id id, fed_follower& f) {
  if (!f.ready || f.wants >= log_->log_end_offset())
    return;
  if (f.paid > 0 && f.goes_at > context_.time.monotonic_now() && throttle_for(id))
    return;
  auto slice = slice_for(id);
  slice.from = f.wants;
  auto most = f.paid > 0 ? f.paid : bounds::replica_slice_bytes_max;
  if (const auto* held_by = throttle_for(id); held_by && f.paid == 0)
    most = held_by->slice_bytes(most);
  const auto bytes = buggify("tiny replica slice") ? std::size_t{1} : most;
  auto found = log_->read(f.wants, bytes, log_->log_end_offset(), true);
  if (!found || found->records.size == 0) {
    f.ready = false;
    slice.refusal = ReplicaSlice::Refusal::STORAGE;
    if (!found)
      log_.say(log_level::error, "cannot feed its followers: " + render(found.error()));
    return send_slice(f, std::move(slice));
  }
  if (must_wait(id, f, found->records.size))
    return;
  f.ready = false;
  log_.touch();
  if (auto records = buggify("cold replica slice") ? std::nullopt : at_hand(found->records)) {
    slice.records = std::move(*records);
    return send_slice(f, std::move(slice));
  }
  read_region work{found->records};
  self_.request(log_.spec().reader, caf::infinite, std::move(work))
    .then([feeder = f.feeder, slice, self = &self_](const region_bytes& got) mutable {
            slice.records = got.bytes;
            self->send(feeder, std::move(slice));
          },
          [feeder = f.feeder, slice, self = &self_](const caf::error&) mutable {
            slice.refusal = ReplicaSlice::Refusal::STORAGE;
            self->send(feeder, std::move(slice));
          });
}

void leader_role::send_slice(fed_follower& f, replica_slice slice) {
  f.told_watermark = slice.high_watermark;
  self_.send(f.feeder, std::move(slice));
}

/// Followers that wait for records hear of the high watermark a little later, so that it mostly rides with records.
void leader_role::on_watermark_tick() {
  watermark_armed_ = false;
  if (!replicas_)
    return;
  for (auto& [id, f] : followers_)
    if (f.ready && f.told_watermark < replicas_->high_watermark())
      send_slice(f, slice_for(id));
}

// -- the in-sync replicas ---------------------------------------------------------------------------------------------

void leader_role::on_lag_tick(leader_epoch epoch) {
  if (epoch != epoch_)
    return;
  lag_armed_ = false;
  if (!replicas_)
    return;
  ask_for_isr();
  on_progress();
}

void leader_role::on_isr_tick() {
  was_refused_ = isr_armed_ = false;
  if (replicas_)
    ask_for_isr();
}

/// For those in sync that have not spoken yet under this leader, and for itself.
std::int64_t leader_role::registered_epoch(node_id id) const {
  if (id == context_.self)
    return context_.broker_epoch;
  const auto broker = context_.view.get()->image->find_broker(id);
  return broker ? broker->epoch : -1;
}

void leader_role::ask_for_isr() {
  if (was_refused_)
    return;  // a follower speaks many times a second, and the controller would refuse it each time
  if (std::exchange(ask_again_, false) && replicas_->open_wish())
    return send_wish(*replicas_->open_wish());
  const auto eligible = [this](const replication::isr_wish::member& m) { return is_eligible(m); };
  if (auto wish = replicas_->next_wish(context_.time.monotonic_now(), eligible))
    send_wish(*wish);
  if (replicas_->left_somebody_out())
    arm_isr_tick();
}

bool leader_role::is_eligible(const replication::isr_wish::member& m) const {
  const auto broker = context_.view.get()->image->find_broker(m.id);
  return broker && (!broker->fenced || mutation("M10")) && !broker->shutting_down
         && (broker->epoch == m.broker_epoch || mutation("M09"));
}

void leader_role::arm_isr_tick() {
  if (!std::exchange(isr_armed_, true))
    self_.delayed_send(&self_, bounds::isr_retry_pause, isr_tick{});
}

IsrWish::Builder leader_role::begin_wish(wire_builder<IsrChange>& in, std::int32_t partition_epoch) const {
  in->setNode(context_.self.value);
  in->setBrokerEpoch(context_.broker_epoch);
  auto out = in->initWishes(1)[0];
  metadata::write_id(out.initTopic(), log_.spec().id.topic);
  out.setIndex(log_.spec().id.index.value);
  out.setLeaderEpoch(epoch_.value);
  out.setPartitionEpoch(partition_epoch);
  return out;
}

void leader_role::send_wish(const replication::isr_wish& wish) {
  wire_builder<IsrChange> b;
  auto members = begin_wish(b, wish.partition_epoch).initInSync(static_cast<unsigned>(wish.in_sync.size()));
  for (unsigned i = 0; i < wish.in_sync.size(); ++i) {
    const auto& member = wish.in_sync[i];
    members[i].setNode(member.id.value);
    members[i].setBrokerEpoch(member.broker_epoch >= 0 ? member.broker_epoch : registered_epoch(member.id));
  }
  self_.send(log_.spec().isr_keeper, isr_wanted{caf::actor_cast<caf::actor>(&self_), std::move(b).freeze()});
}

void leader_role::isr_answered(const isr_settled& m) {
  if (!replicas_ || !replicas_->open_wish() || replicas_->open_wish()->partition_epoch != m.asked_at
      || m.said->getAnswers().size() != 1)
    return;
  const auto answer = m.said->getAnswers()[0];
  if (answer.getError() != 0)
    return isr_refused(static_cast<kafka::error_code>(answer.getError()));
  if (answer.getLeaderEpoch() != epoch_.value)
    return;  // another leader by now; the metadata will say so
  replication::membership now{decided_.replicas, {}, answer.getPartitionEpoch(), decided_.adding};
  for (auto id : answer.getInSync())
    now.in_sync.emplace_back(id);
  decide(std::move(now));
}

/// Only where it is certain that the wish was not granted, and will not be, it stops to count: a wish that was brought
/// twice is refused the second time, because it was granted the first time. News of that are on their way then.
void leader_role::isr_refused(kafka::error_code why) {
  probe("wish for in-sync replicas refused");
  was_refused_ = true;
  if (why == kafka::error_code::ineligible_replica || why == kafka::error_code::invalid_request) {
    replicas_->drop_wish();
    on_progress();
  } else {
    ask_again_ = true;
  }
  arm_isr_tick();
}

}  // namespace troupe
