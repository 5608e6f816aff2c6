#include "actors/group_coordinator.hpp"

#include "actors/api/handler.hpp"
#include "actors/coordinator_bodies.hpp"
#include "actors/group_options.hpp"
#include "actors/group_topics.hpp"
#include "actors/journal.hpp"
#include "actors/transaction_question.hpp"
#include "runtime/base/bounds.hpp"
#include "runtime/group/coordinator.hpp"
#include "runtime/group/refusal.hpp"
#include "runtime/metadata/diff.hpp"
#include "runtime/node/context.hpp"
#include "runtime/node/errors.hpp"
#include "runtime/transaction/state.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <utility>

namespace troupe {

namespace {

using schema::CoordinatorReply;
using schema::CoordinatorRequest;
using schema::PartitionAppended;
using schema::PartitionMarker;
using reply_promise = caf::typed_response_promise<wire<CoordinatorReply>>;

class group_coordinator_state {
 public:
  void start(caf::event_based_actor* self, node_context& context, caf::actor coordination,
             group::assignor_list assignors, const attachment& at) {
    self_ = self;
    context_ = &context;
    coordination_ = std::move(coordination);
    coordinator_.emplace(group_options(context.settings), context.random, std::move(assignors));
    commit_patience_ = context.settings.duration("offsets.commit.timeout.ms");
    self_->set_down_handler([this](caf::scheduled_actor*, caf::down_msg& m) { gone(m); });
    journal_.open(self, context, at, static_cast<std::size_t>(context.settings.integer("offsets.load.buffer.size")),
                  {[this](const journal_record& r) { return coordinator_->replay(r); },
                   [this](const journal_producer& by, const journal_record& r) {
                     return coordinator_->replay_in_transaction(by, r);
                   },
                   [this](const log::transaction_marker& m) {
                     coordinator_->transaction_ended(m.producer, m.producer_epoch, m.commits, now());
                   },
                   [this] { loaded(); },
                   [this](std::uint64_t number) {
                     if (number < first_marker)
                       carry_out(coordinator_->committed(group::ticket{number}, now()));
                     else
                       marked(number);
                   },
                   [this](std::uint64_t number, const error& why) {
                     if (number < first_marker)
                       carry_out(coordinator_->refused(group::ticket{number}, api::code_of(why), now()));
                     else if (auto open = markers_.extract(number))
                       open.mapped().promise.deliver(why);
                   },
                   [this](const error& why) { fail_open(why); }});
  }

  caf::result<wire<CoordinatorReply>> serve(const wire<CoordinatorRequest>& m) {
    if (!journal_.is_loaded())
      return make_error(node_errc::coordinator_loading, "the coordinator of " + journal_.at().name() + " is loading");
    see_metadata();
    using namespace kafka;
    using group::coordinator;
    switch (m->getApiKey()) {
      case join_group_request::api_key: return join(m);
      case consumer_group_heartbeat_request::api_key:
        return ask<consumer_group_heartbeat_request>(m, &coordinator::consumer_heartbeat);
      case sync_group_request::api_key: return ask<sync_group_request>(m, &coordinator::sync);
      case heartbeat_request::api_key: return ask<heartbeat_request>(m, &coordinator::heartbeat);
      case leave_group_request::api_key: return ask<leave_group_request>(m, &coordinator::leave);
      case offset_commit_request::api_key: return commit(m);
      case offset_fetch_request::api_key: return fetch(m);
      case txn_offset_commit_request::api_key: return commit_in_transaction(m);
      case offset_delete_request::api_key: return delete_offsets(m);
      case describe_groups_request::api_key: return describe(m);
      case consumer_group_describe_request::api_key: return describe_consumers(m);
      case list_groups_request::api_key: return list(m);
      case delete_groups_request::api_key: return delete_groups(m);
      default: break;
    }
    return make_error(errc::unknown_api, "api " + std::to_string(m->getApiKey()) + " is not a group coordinator's");
  }

  /// The end of a transaction that offsets here may be a part of.
  caf::result<wire<PartitionAppended>> end_transaction(const wire<PartitionMarker>& m) {
    if (!journal_.is_loaded())
      return make_error(node_errc::coordinator_loading, "the coordinator of " + journal_.at().name() + " is loading");
    const auto number = next_marker_++;
    auto& open = markers_[number];
    open = {self_->make_response_promise<wire<PartitionAppended>>(), m};
    auto promise = open.promise;
    const auto [first, last] = verifying_.equal_range(producer_id{m->getProducerId()});
    std::for_each(first, last, [](auto& one) { *one.second = true; });
    journal_.append_marker(number, m);
    return promise;
  }

  void wake(monotonic_time due) {
    if (due != armed_until_)
      return;
    armed_until_ = monotonic_time::max();
    see_metadata();
    answer_late_commits();
    carry_out(coordinator_->tick(now()));
  }

  void end() {
    if (journal_.is_loaded())
      carry_out(coordinator_->close(kafka::error_code::not_coordinator));
    fail_open(make_error(node_errc::not_leader, journal_.at().name() + ": its leader has changed"));
    self_->quit();
  }

 private:
  /// A request that is not answered yet.
  struct open_request {
    reply_promise promise;
    std::int16_t version = 0;
    std::function<void(group::response&)> complete;  ///< adds what the coordinator was not asked; may be empty
    caf::actor_addr from;
    std::string group;  ///< that it joins
    std::optional<kafka::offset_commit_response> late;  ///< what a commit is told that takes too long
    bool is_transactional = false;  ///< a TxnOffsetCommit, which the coordinator answers like an OffsetCommit
  };

  /// A marker on its way into the journal. They are numbered apart from the coordinator's batches.
  struct open_marker {
    caf::typed_response_promise<wire<PartitionAppended>> promise;
    wire<PartitionMarker> marker;
  };
  static constexpr std::uint64_t first_marker = std::uint64_t{1} << 63;

  void marked(std::uint64_t number) {
    const auto open = markers_.extract(number);
    const auto m = *open.mapped().marker;
    // With an epoch a transaction, the marker has the one after that of its records (KIP-890).
    const auto last_epoch = static_cast<std::int16_t>(m.getProducerEpoch()
                                                      - (m.getTransactionVersion() >= transaction::epoch_bump_version));
    carry_out(coordinator_->transaction_ended(producer_id{m.getProducerId()}, last_epoch, m.getCommits(), now()));
    open.mapped().promise.deliver(wire_builder<PartitionAppended>{}.freeze());
  }

  group::moment now() const { return {context_->time.monotonic_now(), context_->time.wall_now()}; }

  void loaded() {
    const auto count = coordinator_->group_count();
    say(count > 0 ? log_level::info : log_level::debug, "loaded, " + std::to_string(count) + " groups");
    image_ = context_->view.get()->image;
    coordinator_->see(facts_of(image_, context_->settings));
    carry_out(coordinator_->loaded(now()));
  }

  /// Topics that are gone since the last look take their offsets along.
  void see_metadata() {
    const auto newest = context_->view.get()->image;
    if (newest == image_)
      return;
    std::set<std::string> gone;
    const auto changes = metadata::difference(*image_, *newest);
    for (const auto& topic : changes.removed)
      gone.insert(topic->name);
    image_ = newest;
    const auto has_grown = [](const auto& topic) {
      return topic.before->partition_count() != topic.after->partition_count();
    };
    if (!changes.created.empty() || !changes.removed.empty() || !changes.group_configs.empty()
        || std::ranges::any_of(changes.changed, has_grown))
      coordinator_->see(facts_of(newest, context_->settings));
    if (!gone.empty())
      carry_out(coordinator_->topics_deleted(gone));
  }

  // -- requests -----------------------------------------------------------------------------------------------------

  group::caller begin(const wire<CoordinatorRequest>& m, std::function<void(group::response&)> complete = {},
                      std::string joins = {}) {
    group::caller who{group::request_id{++last_request_}, m->getApiVersion(), m->getClientId(), m->getClientHost()};
    auto from = self_->current_sender() ? self_->current_sender()->address() : caf::actor_addr{};
    open_.emplace(who.id, open_request{self_->make_response_promise<wire<CoordinatorReply>>(), who.version,
                                       std::move(complete), std::move(from), std::move(joins)});
    return who;
  }

  /// Has `carry` make effects of the request, which answer it sooner or later.
  template <class Carry>
  caf::result<wire<CoordinatorReply>> answer_later(const group::caller& who, Carry carry) {
    auto promise = open_.at(who.id).promise;
    carry_out(carry());
    return promise;
  }

  template <class Request, class Argument>
  caf::result<wire<CoordinatorReply>> ask(const wire<CoordinatorRequest>& m,
                                          group::effects (group::coordinator::*serves)(const group::caller&, Argument,
                                                                                       group::moment)) {
    auto r = decoded<Request>(m);
    if (!r)
      return r.error();
    const auto who = begin(m);
    return answer_later(who, [&] { return ((*coordinator_).*serves)(who, std::move(*r), now()); });
  }

  caf::result<wire<CoordinatorReply>> join(const wire<CoordinatorRequest>& m) {
    auto r = decoded<kafka::join_group_request>(m);
    if (!r)
      return r.error();
    const auto who = begin(m, {}, r->group_id);
    watch(open_.at(who.id).from);
    return answer_later(who, [&] { return coordinator_->join(who, std::move(*r), now()); });
  }

  caf::result<wire<CoordinatorReply>> commit(const wire<CoordinatorRequest>& m) {
    auto r = decoded<kafka::offset_commit_request>(m);
    if (!r)
      return r.error();
    auto unknown = group_topics::take_unknown(*image_, *r, m->getApiVersion());
    const auto who = begin(m, [unknown](group::response& out) { add_topics(out, unknown); });
    open_.at(who.id).late = group_topics::all_refused(*r, kafka::error_code::coordinator_not_available);
    commits_.emplace_back(now().at + commit_patience_, who.id);
    return answer_later(who, [&] { return coordinator_->commit_offsets(who, *r, now()); });
  }

  /// The transaction's coordinator is asked first; what holds for the member is looked at when it has answered.
  caf::result<wire<CoordinatorReply>> commit_in_transaction(const wire<CoordinatorRequest>& m) {
    using kafka::txn_offset_commit_request;
    constexpr std::int16_t adds_version = 5;
    auto r = decoded<txn_offset_commit_request>(m);
    if (!r)
      return r.error();
    const transaction_claim claim{r->transactional_id, {producer_id{r->producer_id}, r->producer_epoch},
                                  m->getApiVersion() >= adds_version};
    auto commit = group_topics::as_commit(*r);
    auto unknown = group_topics::take_unknown(*image_, commit, 0);
    const auto who = begin(m, [unknown](group::response& out) { add_topics(out, unknown); });
    open_.at(who.id).is_transactional = true;
    auto promise = open_.at(who.id).promise;
    verify(claim, [this, who, commit, by = claim.producer](const error& why) {
      if (why)
        return answer(who.id, group_topics::all_refused(commit, transaction_code_of(why, who.version)));
      carry_out(coordinator_->commit_in_transaction(who, commit, by, now()));
    });
    return promise;
  }

  /// `then` is called when the partition is a part of the transaction, or with the reason why it is not. What was said
  /// before the end of a transaction is asked again after it.
  void verify(const transaction_claim& claim, std::function<void(const error&)> then) {
    const auto is_outdated = std::make_shared<bool>(false);
    verifying_.emplace(claim.producer.id, is_outdated);
    const auto answered = [this, claim, then, is_outdated](const error& why) {
      const auto [first, last] = verifying_.equal_range(claim.producer.id);
      verifying_.erase(std::find_if(first, last, [&](const auto& one) { return one.second == is_outdated; }));
      if (*is_outdated)
        return verify(claim, then);
      then(why);
    };
    self_->request(coordination_, caf::infinite, ask_about(claim, journal_.at().topic, journal_.at().id.index.value))
      .then([answered](const wire<CoordinatorReply>& reply) { answered(verdict_of(reply)); },
            [answered](const caf::error& why) {
              answered(make_error(node_errc::transaction_unverified, "the transaction's coordinator cannot be asked: "
                                                                       + render(why)));
            });
  }

  /// Producers know other codes for their offsets than for their records.
  static kafka::error_code transaction_code_of(const error& why, std::int16_t version) {
    constexpr std::int16_t abortable_version = 4;
    const auto is = [&](node_errc code) {
      return is_error(why, error_domain::node, static_cast<std::uint8_t>(code));
    };
    if (is(node_errc::concurrent_transactions))
      return kafka::error_code::concurrent_transactions;
    if (is(node_errc::not_in_transaction))
      return version >= abortable_version ? kafka::error_code::transaction_abortable
                                          : kafka::error_code::invalid_txn_state;
    if (is(node_errc::transaction_unverified))
      return kafka::error_code::coordinator_not_available;
    return group::code_for_client(api::code_of(why));
  }

  /// Kafka's answer where the in-sync replicas do not take a commit in time. It may be committed later.
  void answer_late_commits() {
    for (; !commits_.empty() && commits_.front().first <= now().at; commits_.pop_front())
      if (const auto found = open_.find(commits_.front().second); found != open_.end())
        answer(found->first, *std::exchange(found->second.late, std::nullopt));
  }

  caf::result<wire<CoordinatorReply>> delete_offsets(const wire<CoordinatorRequest>& m) {
    auto r = decoded<kafka::offset_delete_request>(m);
    if (!r)
      return r.error();
    auto unknown = group_topics::take_unknown(*image_, *r);
    const auto who = begin(m, [unknown](group::response& out) { add_topics(out, unknown); });
    return answer_later(who, [&] { return coordinator_->delete_offsets(who, *r, now()); });
  }

  caf::result<wire<CoordinatorReply>> delete_groups(const wire<CoordinatorRequest>& m) {
    auto r = decoded<kafka::delete_groups_request>(m);
    if (!r)
      return r.error();
    const auto who = begin(m);
    return answer_later(who, [&] { return coordinator_->delete_groups(who, *r); });
  }

  caf::result<wire<CoordinatorReply>> fetch(const wire<CoordinatorRequest>& m) {
    constexpr std::int16_t several_version = 8, by_id_version = 10;
    auto r = decoded<kafka::offset_fetch_request>(m);
    if (!r)
      return r.error();
    const bool several = m->getApiVersion() >= several_version;
    if (!several)
      r->groups = {group_topics::as_group(*r)};
    kafka::offset_fetch_response out;
    for (auto& g : r->groups) {
      auto unknown = group_topics::take_unknown(*image_, g, m->getApiVersion());
      auto told = coordinator_->fetch_offsets(g, r->require_stable);
      if (m->getApiVersion() >= by_id_version)
        group_topics::name_by_id(*image_, told);
      std::move(unknown.topics.begin(), unknown.topics.end(), std::back_inserter(told.topics));
      if (several)
        out.groups.push_back(std::move(told));
      else
        group_topics::as_one_group(out, std::move(told), m->getApiVersion());
    }
    return encoded(out, m->getApiVersion());
  }

  caf::result<wire<CoordinatorReply>> describe(const wire<CoordinatorRequest>& m) {
    auto r = decoded<kafka::describe_groups_request>(m);
    if (!r)
      return r.error();
    kafka::describe_groups_response out;
    for (const auto& g : r->groups)
      out.groups.push_back(coordinator_->describe(g, m->getApiVersion()));
    return encoded(out, m->getApiVersion());
  }

  caf::result<wire<CoordinatorReply>> describe_consumers(const wire<CoordinatorRequest>& m) {
    auto r = decoded<kafka::consumer_group_describe_request>(m);
    if (!r)
      return r.error();
    kafka::consumer_group_describe_response out;
    for (const auto& g : r->group_ids)
      out.groups.push_back(coordinator_->describe_consumers(g));
    return encoded(out, m->getApiVersion());
  }

  caf::result<wire<CoordinatorReply>> list(const wire<CoordinatorRequest>& m) {
    auto r = decoded<kafka::list_groups_request>(m);
    if (!r)
      return r.error();
    kafka::list_groups_response out;
    out.groups = coordinator_->list(*r);
    return encoded(out, m->getApiVersion());
  }

  template <class Body>
  static void add_topics(group::response& out, const Body& more) {
    auto& topics = std::get<Body>(out).topics;
    topics.insert(topics.end(), more.topics.begin(), more.topics.end());
  }

  // -- effects ------------------------------------------------------------------------------------------------------

  void carry_out(group::effects e) {
    for (const auto& line : e.notes)
      say(log_level::info, line);
    for (auto& batch : e.batches) {
      if (batch.by)
        journal_.append(batch.id.value, std::move(batch.records), *batch.by);
      else
        journal_.append(batch.id.value, std::move(batch.records));
    }
    for (auto& one : e.answers)
      answer(one.to, std::move(one.body));
    arm();
  }

  void answer(group::request_id to, group::response body) {
    auto open = open_.extract(to);
    if (open.empty())
      return;  // a commit that has been answered because it took too long
    if (open.mapped().complete)
      open.mapped().complete(body);
    auto reply = open.mapped().is_transactional
                   ? encoded(group_topics::as_transactional(std::get<kafka::offset_commit_response>(body)),
                             open.mapped().version)
                   : std::visit([&](const auto& b) { return encoded(b, open.mapped().version); }, body);
    if (reply)
      open.mapped().promise.deliver(std::move(*reply));
    else
      open.mapped().promise.deliver(std::move(reply.error()));
  }

  void fail_open(const error& why) {
    for (auto& [id, open] : std::exchange(open_, {}))
      open.promise.deliver(why);
    for (auto& [number, open] : std::exchange(markers_, {}))
      open.promise.deliver(why);
  }

  void arm() {
    auto due = coordinator_->wakes_at();
    if (!commits_.empty())
      due = std::min(due.value_or(commits_.front().first), commits_.front().first);
    if (!due || *due >= armed_until_)
      return;
    const auto pause = std::max<monotonic_time::duration>(*due - context_->time.monotonic_now(),
                                                          bounds::journal_wake_min);
    armed_until_ = *due;
    self_->delayed_send(self_, pause, wake_tick{*due});
  }

  // -- who has gone -------------------------------------------------------------------------------------------------

  /// A session that waits for a group to form: when it goes, nobody waits any more.
  void watch(const caf::actor_addr& session) {
    if (session && watched_.insert(session).second)
      self_->monitor(session);
  }

  void gone(const caf::down_msg& m) {
    if (m.source == journal_.at().partition.address())
      return fail_open(m.reason), self_->quit(m.reason);
    watched_.erase(m.source);
    std::vector<std::pair<std::string, group::request_id>> left;
    for (const auto& [id, r] : open_)
      if (r.from == m.source && !r.group.empty())
        left.emplace_back(r.group, id);
    for (const auto& [group, id] : left)
      carry_out(coordinator_->abandoned(group, id, now()));
  }

  void say(log_level level, std::string_view line) {
    context_->log.write(level, "group coordinator " + journal_.at().name(), line);
  }

  caf::event_based_actor* self_ = nullptr;
  node_context* context_ = nullptr;
  caf::actor coordination_;
  journal journal_;
  std::optional<group::coordinator> coordinator_;
  std::shared_ptr<const metadata::image> image_;  ///< the last one that was looked at
  std::uint64_t last_request_ = 0;
  std::map<group::request_id, open_request> open_;
  std::deque<std::pair<monotonic_time, group::request_id>> commits_;  ///< when they have taken too long, oldest first
  std::chrono::milliseconds commit_patience_{0};
  std::set<caf::actor_addr> watched_;
  monotonic_time armed_until_ = monotonic_time::max();
  std::map<std::uint64_t, open_marker> markers_;
  std::uint64_t next_marker_ = first_marker;
  std::multimap<producer_id, std::shared_ptr<bool>> verifying_;  ///< whether a marker has come since
};

caf::behavior group_coordinator(caf::stateful_actor<group_coordinator_state>* self, node_context* context,
                                caf::actor coordination, group::assignor_list assignors, const attachment& at) {
  adopt(self, *context, "group coordinator " + at.name());
  auto* state = &self->state;
  state->start(self, *context, std::move(coordination), std::move(assignors), at);
  return {
    [state](const wire<CoordinatorRequest>& m) { return state->serve(m); },
    [state](const wire<PartitionMarker>& m) { return state->end_transaction(m); },
    [state](const wake_tick& m) { state->wake(m.due); },
    [state](const attachment_ends&) { state->end(); },
  };
}

}  // namespace

caf::actor spawn_group_coordinator(node_context& context, const caf::actor& coordination,
                                   group::assignor_list assignors, const attachment& at) {
  return context.spawn(group_coordinator, &context, coordination, std::move(assignors), at);
}

}  // namespace troupe
