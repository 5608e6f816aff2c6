#include "actors/partition.hpp"

#include "actors/partition_appended.hpp"
#include "actors/partition_description.hpp"
#include "actors/partition_slice.hpp"
#include "actors/partition_timers.hpp"
#include "actors/syncer.hpp"
#include "runtime/base/bounds.hpp"
#include "runtime/node/context.hpp"
#include "runtime/node/epoch_check.hpp"
#include "runtime/node/errors.hpp"
#include "runtime/node/log_directory.hpp"
#include "runtime/replication/leader.hpp"
#include "runtime/replication/parked.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <optional>

namespace troupe {

namespace {

using schema::PartitionAppend;
using schema::PartitionAppended;
using schema::PartitionDescribe;
using schema::PartitionDescription;
using schema::PartitionDurable;
using schema::PartitionEpochEnd;
using schema::PartitionEpochQuery;
using schema::PartitionLeadership;
using schema::PartitionOffset;
using schema::PartitionOffsetQuery;
using schema::PartitionRead;
using schema::PartitionSlice;
using schema::PartitionTrim;
using schema::PartitionTrimmed;

class partition_state {
 public:
  void start(caf::event_based_actor* self, node_context& context, partition_spec spec) {
    self_ = self;
    context_ = &context;
    spec_ = std::move(spec);
  }

  // -- messages ---------------------------------------------------------------------------------------------------

  void lead(const wire<PartitionLeadership>& m) {
    if (leader_ && m->getLeaderEpoch() < leader_->epoch().value)
      return;
    std::vector<node_id> in_sync;
    for (auto id : m->getIsr())
      in_sync.emplace_back(id);
    if (!leader_ || leader_->epoch().value != m->getLeaderEpoch()) {
      fail_parked(make_error(node_errc::not_leader, describe() + ": its leader has changed"));
      leader_.emplace(context_->self, leader_epoch{m->getLeaderEpoch()}, offset{0});
      if (log_)
        begin_leading();
    }
    leader_->set_in_sync(std::move(in_sync));
    apply_rule();
    on_progress();
  }

  caf::result<wire<PartitionAppended>> append(const wire<PartitionAppend>& m) {
    if (auto refused = admit_write(*m))
      return refused;
    const auto* records = std::get_if<byte_slice>(&m.attachment(m->getRecords()));
    if (!records)
      return log::make_error(log::errc::invalid_record, describe() + ": the append came without records");
    const auto now = context_->time.wall_now();
    auto done = log_->append_as_leader(*records, leader_->epoch(), now);
    if (!done) {
      if (auto blamed = refusal_of(done.error(), *records, spec_.options, now))
        return std::move(*blamed);
      return failed_write(done.error());
    }
    touched_ = true;
    failure_said_ = false;
    leader_->report(context_->self, log_->log_end_offset(), log_->durable_end());
    sync_if_due();
    const bool wait = m->getAcks() == -1;
    const auto needs = done->last + 1;
    auto answer = appended(*done);
    if (!wait || needs <= leader_->high_watermark()) {
      on_progress();
      return answer;
    }
    auto promise = self_->make_response_promise<wire<PartitionAppended>>();
    const auto deadline = context_->time.monotonic_now() + std::chrono::milliseconds{std::max(0, m->getTimeoutMs())};
    acks_.park(needs, deadline, {promise, std::move(answer)});
    arm(deadline);
    on_progress();
    return promise;
  }

  caf::result<wire<PartitionSlice>> read(const wire<PartitionRead>& m) {
    if (auto refused = admit_read(m->getLeaderEpoch()))
      return refused;
    if (settling())
      return caf::skip;
    auto found = look_up(*log_, *m, leader_->high_watermark(), describe());
    if (!found)
      return found.error();
    touched_ = true;
    auto promise = self_->make_response_promise<wire<PartitionSlice>>();
    if (is_enough(*m, *found))
      deliver_slice(*self_, spec_.reader, promise, std::move(*found));
    else
      park_read(m, promise);
    return promise;
  }

  caf::result<wire<PartitionOffset>> find_offset(const wire<PartitionOffsetQuery>& m) {
    if (auto refused = admit_read(m->getLeaderEpoch()))
      return refused;
    if (m->getTimestampMs() < log::log::earliest_local_time)
      return answer_of(log::found_offset{});  // times of tiers: there is nothing in one
    if (settling())
      return caf::skip;
    auto found = log_->find_offset(m->getTimestampMs(), leader_->high_watermark());
    if (!found)
      return found.error();
    return answer_of(*found);
  }

  caf::result<wire<PartitionEpochEnd>> find_epoch_end(const wire<PartitionEpochQuery>& m) {
    if (auto refused = admit_read(m->getLeaderEpoch()))
      return refused;
    return answer_of(log_->end_offset_for_epoch(leader_epoch{m->getEpoch()}));
  }

  caf::result<wire<PartitionTrimmed>> trim(const wire<PartitionTrim>& m) {
    if (auto refused = admit_read(-1))
      return refused;
    if (settling())
      return caf::skip;
    const auto high = leader_->high_watermark();
    const auto before = m->getBeforeOffset() == -1 ? high : offset{m->getBeforeOffset()};
    if (before > high || before < offset{0})
      return log::make_error(log::errc::offset_out_of_range,
                             describe() + ": cannot delete records before " + std::to_string(before.value)
                               + ", the high watermark is " + std::to_string(high.value));
    if (auto failed = log_->advance_log_start(before, context_->time.wall_now()))
      return failed;
    report_durable();
    on_progress();
    wire_builder<PartitionTrimmed> b;
    b->setLowWatermark(log_->log_start_offset().value);
    return std::move(b).freeze();
  }

  caf::result<wire<PartitionDescription>> describe_log(const wire<PartitionDescribe>& m) {
    if (auto failed = open())
      return failed;
    return description_of(*log_, high_watermark(), parent_path(spec_.directory), m->getProducers());
  }

  void change_settings(const partition_settings& m) {
    spec_.options = m.options;
    if (log_)
      log_->set_options(m.options);
    apply_rule();
    on_progress();
  }

  void upkeep() {
    if (!log_)
      return;
    const auto now = context_->time.wall_now();
    if (auto removed = log_->apply_retention(now, high_watermark()); !removed)
      say(log_level::warning, render(removed.error()));
    log_->expire_producers(now);
    begin_sync();
    report_durable();
    if (!touched_ && !syncing_ && acks_.empty()) {
      log_->passivate();
      begin_sync();
    }
    touched_ = false;
    for (const auto& line : log_->take_notes())
      say(log_level::warning, line);
  }

  caf::result<compaction_answer> plan_compaction() {
    if (!log_ || !spec_.options.compacts())
      return compaction_answer{};
    return compaction_answer{log_->plan_compaction(context_->time.wall_now(), high_watermark())};
  }

  caf::result<disk_done> swap_compacted(const compaction_swap& m) {
    if (!log_)
      return disk_done{};
    if (auto failed = log_->apply_compaction(m.files))
      return failed;
    return disk_done{};
  }

  caf::result<wire<PartitionDurable>> close() {
    closing_ = true;
    fail_parked(make_error(node_errc::shutting_down, describe() + ": the node is stopping; retry at its next start"));
    if (log_) {
      if (auto failed = log_->close())
        return failed;
    } else if (auto there = context_->storage.exists(spec_.directory); !spec_.hints.clean_stop && (!there || *there)) {
      return make_error(node_errc::shutting_down, describe() + ": not verified since the last start");
    }
    return durable_point();
  }

  caf::result<disk_done> drop() {
    closing_ = true;
    fail_parked(make_error(node_errc::unknown_partition, describe() + ": the topic was deleted"));
    log_.reset();
    return disk_done{};
  }

  void flush() {
    flush_armed_ = false;
    if (log_)
      sync_if_due();
  }

  void on_deadline() {
    armed_until_ = monotonic_time::max();
    const auto now = context_->time.monotonic_now();
    for (auto& late : acks_.expire(now))
      late.promise.deliver(
          make_error(node_errc::request_timed_out, describe() + ": the in-sync replicas did not follow in time"));
    for (auto& late : reads_.expire(now))
      answer_parked(late);
    arm_next();
  }

 private:
  struct parked_ack {
    caf::typed_response_promise<wire<PartitionAppended>> promise;
    wire<PartitionAppended> answer;
  };
  using waiting_reads = replication::parked_reads<wire<PartitionRead>, slice_promise>;

  // -- the log ----------------------------------------------------------------------------------------------------

  /// Opens the log at its first use, so that thousands of idle partitions cost a start nothing.
  error open() {
    if (log_)
      return {};
    if (open_failed_)
      return open_failed_;
    auto aside = put_aside_foreign(context_->storage, spec_.directory, spec_.id.topic);
    if (aside && !aside->empty())
      say(log_level::warning, "its folder held a deleted topic of the same name, which is now at " + *aside);
    auto opened =
        log::log::open(context_->storage, spec_.directory, spec_.options, spec_.hints, context_->time.wall_now());
    if (!opened) {
      open_failed_ = with_context(describe(), opened.error());
      say(log_level::error, render(open_failed_));
      return open_failed_;
    }
    log_ = std::move(*opened);
    opened_end_ = log_->log_end_offset();
    for (const auto& line : log_->recovery().lines)
      say(log_level::warning, line);
    if (leader_)
      begin_leading();
    return {};
  }

  void begin_leading() {
    log_->assign_epoch(leader_->epoch());
    apply_rule();
    leader_->report(context_->self, log_->log_end_offset(), log_->durable_end());
    begin_sync();
  }

  void apply_rule() {
    if (leader_)
      leader_->set_rule(spec_.options.durability == log::durability::fsync ? replication::commit_rule::durable
                                                                           : replication::commit_rule::appended,
                        static_cast<std::size_t>(spec_.options.min_in_sync_replicas));
  }

  /// What was found in the log at its opening may not be durable yet, so that the high watermark lies before what
  /// clients saw committed already: until its first sync, whoever asks for it waits in the mailbox.
  bool settling() const { return !log_->is_offline() && log_->durable_end() < opened_end_; }

  offset high_watermark() const { return leader_ ? leader_->high_watermark() : offset{0}; }

  // -- admission --------------------------------------------------------------------------------------------------

  error admit_read(std::int32_t sender_epoch) {
    if (closing_)
      return make_error(node_errc::shutting_down, describe() + ": closed");
    if (!leader_)
      return make_error(node_errc::not_leader, describe() + ": not led by this node");
    if (auto refused = check_epoch(leader_epoch{sender_epoch}, leader_->epoch(), describe()))
      return refused;
    return open();
  }

  error admit_write(PartitionAppend::Reader m) {
    if (auto refused = admit_read(m.getLeaderEpoch()))
      return refused;
    if (m.getAcks() == -1 && !leader_->enough_in_sync())
      return make_error(node_errc::not_enough_replicas,
                        describe() + ": fewer replicas in sync than min.insync.replicas asks for");
    if (m.getAcks() == -1 && acks_.full())
      return make_error(node_errc::queue_full, describe() + ": too many requests wait for the high watermark");
    return {};
  }

  error failed_write(const error& why) {
    const bool full = is_error(why, error_domain::log, static_cast<std::uint8_t>(log::errc::no_space));
    if ((log_->is_offline() || full) && !failure_said_) {
      failure_said_ = true;
      say(log_level::error, render(why) + (full ? "" : "; it takes no more writes, reads are served on"));
    }
    return with_context(describe(), why);
  }

  // -- durability -------------------------------------------------------------------------------------------------

  void sync_if_due() {
    if (spec_.options.durability == log::durability::fsync || log_->sync_due(context_->time.wall_now())
        || log_->unsynced_bytes() > bounds::unsynced_bytes_max)
      begin_sync();
    else
      arm_flush();
  }

  /// What is appended last is synced flush.ms later, also when nothing follows.
  void arm_flush() {
    if (flush_armed_ || spec_.options.flush_age == log::options::forever || log_->unsynced_bytes() == 0)
      return;
    flush_armed_ = true;
    self_->delayed_send(self_, spec_.options.flush_age, flush_tick{});
  }

  /// One sync at a time: what is appended meanwhile rides on the next one.
  void begin_sync() {
    if (syncing_ || log_->is_offline() || !log_->needs_sync())
      return;
    syncing_ = true;
    auto ticket = log_->begin_sync();
    sync_files work{ticket.files, ticket.directories};
    self_->request(spec_.syncer, caf::infinite, std::move(work))
      .then([this, ticket = std::move(ticket)](const disk_done&) { synced(ticket); },
            [this](const caf::error& why) { sync_failed(why); });
  }

  void synced(const log::sync_ticket& ticket) {
    syncing_ = false;
    if (!log_)
      return;
    log_->finish_sync(ticket);
    if (leader_)
      leader_->report(context_->self, log_->log_end_offset(), log_->durable_end());
    on_progress();
    sync_if_due();
  }

  /// The pages may be gone while the kernel calls them clean: nothing appended since the last sync can be promised,
  /// ever.
  void sync_failed(const error& why) {
    syncing_ = false;
    if (!log_)
      return;
    log_->go_offline(why);
    auto told = failed_write(why);
    for (auto& waiting : acks_.take_all())
      waiting.promise.deliver(told);
  }

  wire<PartitionDurable> durable_point() const {
    return log_ ? durable_point_of(spec_.topic, spec_.id.index, *log_)
                : durable_point_of(spec_.topic, spec_.id.index, spec_.hints);
  }

  void report_durable() { self_->send(spec_.supervisor, durable_point()); }

  // -- parked requests --------------------------------------------------------------------------------------------

  /// The high watermark, the log start or the role may have moved: answers whoever waited for that.
  void on_progress() {
    if (!leader_ || !log_)
      return;
    for (auto& ready : acks_.release(leader_->high_watermark()))
      ready.promise.deliver(std::move(ready.answer));
    if (reads_.empty() || (seen_by_readers_ == leader_->high_watermark()))
      return;
    seen_by_readers_ = leader_->high_watermark();
    for (auto& r : reads_.take_all()) {
      auto found = look_up(*log_, *r.request, leader_->high_watermark(), describe());
      if (!found)
        r.reply.deliver(found.error());
      else if (is_enough(*r.request, *found))
        deliver_slice(*self_, spec_.reader, r.reply, std::move(*found));
      else
        reads_.park(std::move(r));
    }
  }

  void fail_parked(const error& why) {
    for (auto& waiting : acks_.take_all())
      waiting.promise.deliver(why);
    for (auto& waiting : reads_.take_all())
      waiting.reply.deliver(why);
  }

  void park_read(const wire<PartitionRead>& m, slice_promise promise) {
    const auto reader = self_->current_sender() ? self_->current_sender()->id() : caf::actor_id{0};
    const auto deadline = context_->time.monotonic_now() + std::chrono::milliseconds{m->getMaxWaitMs()};
    seen_by_readers_ = leader_->high_watermark();
    if (auto superseded = reads_.park({reader, deadline, m, std::move(promise)}))
      answer_parked(*superseded);
    arm(deadline);
  }

  void answer_parked(waiting_reads::entry& r) {
    auto found = look_up(*log_, *r.request, leader_->high_watermark(), describe());
    if (found)
      deliver_slice(*self_, spec_.reader, r.reply, std::move(*found));
    else
      r.reply.deliver(found.error());
  }

  void arm(monotonic_time deadline) {
    if (deadline >= armed_until_)
      return;
    armed_until_ = deadline;
    self_->delayed_send(self_, deadline - context_->time.monotonic_now(), deadline_tick{});
  }

  void arm_next() {
    const auto next = std::min(acks_.next_deadline(), reads_.next_deadline());
    if (next != monotonic_time::max())
      arm(next);
  }

  // -- words ------------------------------------------------------------------------------------------------------

  std::string describe() const { return spec_.topic + "-" + std::to_string(spec_.id.index.value); }
  void say(log_level level, std::string_view line) { context_->log.write(level, "partition " + describe(), line); }

  // -- state ------------------------------------------------------------------------------------------------------

  caf::event_based_actor* self_ = nullptr;
  node_context* context_ = nullptr;
  partition_spec spec_;
  std::unique_ptr<log::log> log_;
  error open_failed_;
  std::optional<replication::leader> leader_;
  replication::parked_acks<parked_ack> acks_{bounds::parked_acks_max};
  waiting_reads reads_;
  offset opened_end_{0};
  offset seen_by_readers_{0};
  monotonic_time armed_until_ = monotonic_time::max();
  bool syncing_ = false;
  bool flush_armed_ = false;
  bool touched_ = false;  ///< used since the last upkeep
  bool closing_ = false;
  bool failure_said_ = false;  ///< since the last write that succeeded
};

caf::behavior partition(caf::stateful_actor<partition_state>* self, node_context* context, const partition_spec& spec) {
  adopt(self, *context, "partition " + spec.topic + "-" + std::to_string(spec.id.index.value));
  auto* state = &self->state;
  state->start(self, *context, spec);
  return {
    [state](const wire<PartitionAppend>& m) { return state->append(m); },
    [state](const wire<PartitionRead>& m) { return state->read(m); },
    [state](const wire<PartitionOffsetQuery>& m) { return state->find_offset(m); },
    [state](const wire<PartitionEpochQuery>& m) { return state->find_epoch_end(m); },
    [state](const wire<PartitionTrim>& m) { return state->trim(m); },
    [state](const wire<PartitionDescribe>& m) { return state->describe_log(m); },
    [state](const wire<PartitionLeadership>& m) { state->lead(m); },
    [state](const partition_settings& m) { state->change_settings(m); },
    [state](const partition_upkeep&) { state->upkeep(); },
    [state](const compaction_query&) { return state->plan_compaction(); },
    [state](const compaction_swap& m) { return state->swap_compacted(m); },
    [state](const partition_close&) { return state->close(); },
    [state](const partition_drop&) { return state->drop(); },
    [state](const deadline_tick&) { state->on_deadline(); },
    [state](const flush_tick&) { state->flush(); },
  };
}

}  // namespace

caf::actor spawn_partition(node_context& context, partition_spec spec) {
  return context.spawn(partition, &context, std::move(spec));
}

}  // namespace troupe
