#include "actors/partition.hpp"

#include "actors/attached_actor.hpp"
#include "actors/follower_role.hpp"
#include "actors/leader_role.hpp"
#include "actors/log_move.hpp"
#include "actors/partition_description.hpp"
#include "actors/partition_leadership.hpp"
#include "actors/partition_timers.hpp"
#include "actors/syncer.hpp"
#include "runtime/base/bounds.hpp"
#include "runtime/node/context.hpp"
#include "runtime/node/errors.hpp"
#include "schema/coordinator.capnp.h"

#include <caf/all.hpp>

#include <optional>

namespace troupe {

namespace {

using schema::CoordinatorReply;
using schema::CoordinatorRequest;
using schema::PartitionAppend;
using schema::PartitionAppended;
using schema::PartitionDescribe;
using schema::PartitionDescription;
using schema::PartitionDurable;
using schema::PartitionEpochQuery;
using schema::PartitionMarker;
using schema::PartitionOffsetQuery;
using schema::PartitionRead;
using schema::PartitionTrim;

/// Hands messages to the role that this replica has now.
class partition_state {
 public:
  void start(caf::event_based_actor* self, node_context& context, partition_spec spec) {
    self_ = self;
    context_ = &context;
    attached_.start(self, context, spec);
    move_.start(self, context, log_);
    log_.start(self, context, std::move(spec),
               {[this] { on_open(); },
                [this] { on_durable(); },
                [this](const error& why) { if (leader_) leader_->log_failed(why); },
                [this] { return high_watermark(); }});
  }

  // -- the role ---------------------------------------------------------------------------------------------------

  void take_role(const partition_role& m) {
    const leader_epoch epoch{m.decided->getLeaderEpoch()};
    if (epoch < epoch_ || closing_)
      return;
    const bool lead = m.decided->getLeader() == context_->self.value;
    if (epoch > epoch_ || lead != leader_.has_value())
      change_role(epoch, lead, m.source);
    auto decided = membership_of(*m.decided);
    if (follower_)
      follower_->decide(decided);
    if (leader_)
      leader_->decide(std::move(decided));
  }

  /// For requests that only a leader serves; `serve(leader)` gives the result.
  template <class Reply, class Serve>
  caf::result<Reply> as_leader(Serve serve) {
    if (closing_)
      return make_error(node_errc::shutting_down, log_.describe() + ": closed");
    if (!leader_)
      return make_error(node_errc::not_leader, log_.describe() + ": not led by this node");
    return serve(*leader_);
  }

  /// For requests that a follower serves too when `any`.
  template <class Reply, class Serve>
  caf::result<Reply> as_replica(bool any, Serve serve) {
    if (any && follower_ && !closing_)
      return serve(*follower_);
    return as_leader<Reply>(serve);
  }

  /// Who has the partition for a journal keeps the order of what is in it, so it writes the marker.
  caf::result<wire<PartitionAppended>> end_transaction(const wire<PartitionMarker>& m) {
    return as_leader<wire<PartitionAppended>>([&](auto& leader) -> caf::result<wire<PartitionAppended>> {
      if (m->getJournaled() || !attached_.is_wanted())
        return leader.end_transaction(m);
      if (!attached_.get())
        return make_error(node_errc::no_coordinator, log_.describe() + ": what is attached to it is made anew");
      auto promise = self_->make_response_promise<wire<PartitionAppended>>();
      promise.delegate(attached_.get(), m);
      return promise;
    });
  }

  caf::result<wire<CoordinatorReply>> ask_attached(const wire<CoordinatorRequest>& m) {
    return as_leader<wire<CoordinatorReply>>([&](auto&) -> caf::result<wire<CoordinatorReply>> {
      if (!attached_.is_wanted())
        return make_error(node_errc::unknown_partition, log_.describe() + ": nobody is attached to it");
      if (!attached_.get())
        return make_error(node_errc::no_coordinator, log_.describe() + ": what is attached to it is made anew");
      auto promise = self_->make_response_promise<wire<CoordinatorReply>>();
      promise.delegate(attached_.get(), m);
      return promise;
    });
  }

  void hear(const follower_position& m) {
    if (leader_ && !closing_)
      return leader_->hear(m);
    self_->send(m.feeder, replica_slice{log_.spec().id, m.follower, m.epoch, {}, offset{0}, offset{0}, {},
                                        schema::ReplicaSlice::Refusal::NOT_LEADER});
  }

  void take_slice(const replica_slice& m) {
    if (follower_ && !closing_)
      follower_->take(m);
  }

  void isr_answered(const isr_settled& m) {
    if (leader_ && !closing_)
      leader_->isr_answered(m);
  }

  // -- in any role ------------------------------------------------------------------------------------------------

  caf::result<wire<PartitionDescription>> describe_log(const wire<PartitionDescribe>& m) {
    if (auto failed = log_.open())
      return failed;
    return description_of(*log_, high_watermark(), parent_path(log_.spec().directory), m->getProducers(),
                          move_.describe());
  }

  void change_settings(const partition_settings& m) {
    log_.set(m);
    if (leader_ && !closing_)
      leader_->settings_changed();
  }

  void upkeep() {
    if (leader_)
      log_.watch_transactions();
    log_.upkeep(high_watermark(), !leader_ || leader_->is_idle());
    if (follower_ && !closing_)
      follower_->after_upkeep();
  }

  caf::result<disk_done> rest() {
    auto promise = self_->make_response_promise<disk_done>();
    log_.rest([promise]() mutable { promise.deliver(disk_done{}); });
    return promise;
  }

  caf::result<disk_done> begin_move(const log_move_begin& m) {
    if (auto failed = closing_ ? make_error(node_errc::shutting_down, log_.describe() + ": closed") : move_.begin(m))
      return failed;
    return disk_done{};
  }

  void cancel_move() { move_.cancel(); }
  void go_on_moving(const log_move_tick& m) { move_.step(m); }

  caf::result<compaction_answer> plan_compaction() {
    planned_life_ = log_.life();
    if (!log_.get() || !log_.options().compacts())
      return compaction_answer{};
    return compaction_answer{log_->plan_compaction(context_->time.wall_now(), high_watermark())};
  }

  caf::result<disk_done> swap_compacted(const compaction_swap& m) {
    if (!log_.get() || planned_life_ != log_.life())
      return disk_done{};
    if (auto failed = log_->apply_compaction(m.files))
      return failed;
    return disk_done{};
  }

  caf::result<wire<PartitionDurable>> close() {
    end_role(make_error(node_errc::shutting_down, log_.describe() + ": the node is stopping; retry at its next start"));
    return log_.close();
  }

  caf::result<disk_done> drop() {
    end_role(make_error(node_errc::unknown_partition, log_.describe() + ": the topic was deleted"));
    log_.drop();
    return disk_done{};
  }

  // -- timers -----------------------------------------------------------------------------------------------------

  void on_flush() { log_.flush(); }
  void checkpoint_watermark() { log_.checkpoint_watermark(); }

  /// Not any more once it closes: of a topic that was deleted there is no log then.
  template <class... Arguments>
  void tell_leader(void (leader_role::*event)(Arguments...), Arguments... with) {
    if (leader_ && !closing_)
      ((*leader_).*event)(with...);
  }

  void on_reader_deadline(const reader_deadline_tick& m) {
    if (leader_)
      leader_->on_reader_deadline(m.due);
    if (follower_)
      follower_->on_reader_deadline(m.due);
  }

  void on_throttle_tick(leader_epoch epoch) {
    if (leader_ && leader_->epoch() == epoch && !closing_)
      leader_->on_throttle_tick();
    if (follower_ && follower_->epoch() == epoch && !closing_)
      follower_->on_throttle_tick();
  }

  void attach_again(const troupe::attach_again& m) { attached_.again(m); }

  void on_owed_tick() {
    if (follower_)
      follower_->on_owed_tick();
  }

  void retry_following(leader_epoch epoch) {
    if (follower_ && follower_->epoch() == epoch && !closing_)
      follower_->begin();
  }

 private:
  void change_role(leader_epoch epoch, bool lead, const caf::actor& source) {
    const auto watermark = high_watermark();
    owed_acks owed{bounds::parked_acks_max};
    if (leader_)
      owed = leader_->hand_over(make_error(node_errc::not_leader, log_.describe() + ": its leader has changed"));
    if (follower_)
      owed = follower_->end();
    leader_.reset();
    follower_.reset();
    epoch_ = epoch;
    if (lead) {
      leader_.emplace(*self_, *context_, log_, epoch, watermark, std::move(owed));
      attached_.begin(epoch);
      return;
    }
    attached_.end();
    follower_.emplace(*self_, *context_, log_, epoch, source, watermark, std::move(owed));
  }

  void end_role(const error& why) {
    closing_ = true;
    attached_.end();
    move_.cancel();
    if (leader_)
      leader_->fail_waiting(why);
    if (follower_)
      follower_->fail_waiting(why);
  }

  void on_open() {
    if (leader_)
      leader_->log_opened();
    if (follower_)
      follower_->log_opened();
  }

  void on_durable() {
    if (closing_)
      return;
    if (leader_)
      leader_->log_durable();
    if (follower_)
      follower_->log_durable();
  }

  offset high_watermark() const {
    return leader_ ? leader_->high_watermark() : follower_ ? follower_->high_watermark()
                                                               : log_.spec().high_watermark;
  }

  caf::event_based_actor* self_ = nullptr;
  node_context* context_ = nullptr;
  replica_log log_;
  attached_actor attached_;
  log_move move_;
  std::uint64_t planned_life_ = 0;  ///< of the log that compaction was planned for
  leader_epoch epoch_ = no_epoch;
  std::optional<leader_role> leader_;
  std::optional<follower_role> follower_;
  bool closing_ = false;
};

caf::behavior partition(caf::stateful_actor<partition_state>* self, node_context* context, const partition_spec& spec) {
  adopt(self, *context, "partition " + spec.topic + "-" + std::to_string(spec.id.index.value));
  auto* state = &self->state;
  state->start(self, *context, spec);
  using schema::PartitionEpochEnd;
  using schema::PartitionOffset;
  using schema::PartitionSlice;
  using schema::PartitionTrimmed;
  return {
    [state](const wire<PartitionAppend>& m) {
      return state->as_leader<wire<PartitionAppended>>([&](auto& leader) { return leader.append(m); });
    },
    [state](const wire<PartitionMarker>& m) { return state->end_transaction(m); },
    [state](const wire<PartitionRead>& m) {
      return state->as_replica<wire<PartitionSlice>>(m->getAnyReplica(), [&](auto& role) { return role.read(m); });
    },
    [state](const wire<PartitionOffsetQuery>& m) {
      return state->as_replica<wire<PartitionOffset>>(m->getAsReplica(),
                                                      [&](auto& role) { return role.find_offset(m); });
    },
    [state](const wire<PartitionEpochQuery>& m) {
      return state->as_leader<wire<PartitionEpochEnd>>([&](auto& leader) { return leader.find_epoch_end(m); });
    },
    [state](const wire<PartitionTrim>& m) {
      return state->as_leader<wire<PartitionTrimmed>>([&](auto& leader) { return leader.trim(m); });
    },
    [state](const wire<CoordinatorRequest>& m) { return state->ask_attached(m); },
    [state](const wire<PartitionDescribe>& m) { return state->describe_log(m); },
    [state](const partition_role& m) { state->take_role(m); },
    [state](const follower_position& m) { state->hear(m); },
    [state](const replica_slice& m) { state->take_slice(m); },
    [state](const isr_settled& m) { state->isr_answered(m); },
    [state](const partition_settings& m) { state->change_settings(m); },
    [state](const partition_upkeep&) { state->upkeep(); },
    [state](const partition_rest&) { return state->rest(); },
    [state](const compaction_query&) { return state->plan_compaction(); },
    [state](const compaction_swap& m) { return state->swap_compacted(m); },
    [state](const partition_close&) { return state->close(); },
    [state](const partition_drop&) { return state->drop(); },
    [state](const deadline_tick& m) { state->tell_leader(&leader_role::on_deadline, m.due); },
    [state](const reader_deadline_tick& m) { state->on_reader_deadline(m); },
    [state](const flush_tick&) { state->on_flush(); },
    [state](const checkpoint_watermark_tick&) { state->checkpoint_watermark(); },
    [state](const lag_tick& m) { state->tell_leader(&leader_role::on_lag_tick, m.epoch); },
    [state](const isr_tick&) { state->tell_leader(&leader_role::on_isr_tick); },
    [state](const resign_tick&) { state->tell_leader(&leader_role::on_resign_tick); },
    [state](const watermark_tick&) { state->tell_leader(&leader_role::on_watermark_tick); },
    [state](const owed_tick&) { state->on_owed_tick(); },
    [state](const throttle_tick& m) { state->on_throttle_tick(m.epoch); },
    [state](const transaction_retry_tick& m) {
      state->tell_leader<const transaction_retry_tick&>(&leader_role::ask_coordinator_again, m);
    },
    [state](const retry_following& m) { state->retry_following(m.epoch); },
    [state](const attach_again& m) { state->attach_again(m); },
    [state](const log_move_begin& m) { return state->begin_move(m); },
    [state](const log_move_cancel&) { state->cancel_move(); },
    [state](const log_move_tick& m) { state->go_on_moving(m); },
  };
}

}  // namespace

caf::actor spawn_partition(node_context& context, partition_spec spec) {
  return context.spawn(partition, &context, std::move(spec));
}

}  // namespace troupe
