#include "actors/api/leader_hints.hpp"
#include "actors/api/partition_calls.hpp"
#include "runtime/wire/caf.hpp"
#include "schema/kafka/fetch.hpp"
#include "schema/partition.capnp.h"

#include <caf/all.hpp>

#include <algorithm>

namespace troupe::api {

namespace {

using kafka::fetch_request;
using kafka::fetch_response;
using net::fetch_partition;
using net::fetch_session;
using schema::PartitionRead;
using schema::PartitionSlice;

constexpr std::int32_t session_slots_used_up = 0;

fetch_session::request session_request(const fetch_request& r, const call& what) {
  fetch_session::request out;
  out.session_id = r.session_id;
  out.session_epoch = r.session_epoch;
  out.by_id = what.version >= 13;
  for (const auto& t : r.topics)
    for (const auto& p : t.partitions)
      out.partitions.push_back({t.topic, t.topic_id, partition_index{p.partition}, leader_epoch{p.current_leader_epoch},
                                leader_epoch{p.last_fetched_epoch}, offset{p.fetch_offset}, p.partition_max_bytes});
  for (const auto& t : r.forgotten_topics_data)
    for (auto index : t.partitions)
      out.forgotten.push_back({t.topic, t.topic_id, partition_index{index}, {}, {}, {}, 0});
  return out;
}

kafka::error_code code_of_fault(net::fetch_session_fault fault) {
  switch (fault) {
    case net::fetch_session_fault::unknown_session: return kafka::error_code::fetch_session_id_not_found;
    case net::fetch_session_fault::wrong_epoch: return kafka::error_code::invalid_fetch_session_epoch;
    case net::fetch_session_fault::mixed_topic_ids: return kafka::error_code::fetch_session_topic_id_error;
    case net::fetch_session_fault::none: break;
  }
  return kafka::error_code::none;
}

constexpr std::string_view rack_aware_selector = "org.apache.kafka.common.replica.RackAwareReplicaSelector";

/// The nodes in a consumer's rack, when they are nearer to it than this one: none when this one stands there too.
std::vector<node_id> nodes_near(session_port& in, const std::string& rack) {
  std::vector<node_id> out;
  if (rack.empty() || in.context().settings.text("replica.selector.class") != rack_aware_selector)
    return out;
  const auto view = in.view();
  for (const auto& broker : brokers_for(in, *view->image)) {
    if (broker.rack != rack || is_lost(in, *view->image, broker.id))
      continue;
    if (broker.id == in.context().self)
      return {};
    out.push_back(broker.id);
  }
  return out;
}

/// One fetch under way: reads all its partitions at once and, when too little is there, has them call back as more
/// comes.
class fetch_call : public std::enable_shared_from_this<fetch_call> {
 public:
  fetch_call(session_port& in, call what, const fetch_request& r, fetch_session::plan plan)
    : in_(in),
      what_(what),
      plan_(std::move(plan)),
      min_bytes_(r.min_bytes),
      committed_only_(r.isolation_level == read_committed),
      near_(nodes_near(in, r.rack_id)) {
    const auto cap = in.context().settings.integer("fetch.max.bytes");
    max_bytes_ = static_cast<std::size_t>(std::clamp<std::int64_t>(r.max_bytes, 0, cap));
    deadline_ = in.context().time.monotonic_now() + std::chrono::milliseconds{std::max(0, r.max_wait_ms)};
    results_.resize(plan_.partitions.size());
  }

  void run() {
    const auto view = in_.view();
    const auto from = may_follow() ? serving::any_replica : serving::leader;
    bool failed = false;
    for (std::size_t i = 0; i < results_.size(); ++i) {
      const auto& p = plan_.partitions[i];
      auto found = find_partition(*view, p.topic, p.id, p.index.value, from);
      results_[i].code = found.code;
      results_[i].replica = std::move(found.replica);
      failed |= found.code != kafka::error_code::none;
    }
    // A single partition can do the waiting by itself; several are looked at first.
    const bool wait_at_once = results_.size() == 1 && !failed;
    ask_all(wait_at_once ? wait_left() : 0, wait_at_once ? min_bytes_ : 0);
  }

 private:
  struct result {
    kafka::error_code code = kafka::error_code::none;
    std::string text;
    caf::actor replica;
    std::optional<wire<PartitionSlice>> slice;
    std::size_t bytes = 0;
  };

  /// Older clients cannot be sent from a follower to the leader.
  bool may_follow() const { return what_.version >= 11; }

  std::int32_t wait_left() const {
    const auto left = deadline_ - in_.context().time.monotonic_now();
    return static_cast<std::int32_t>(
      std::max<std::int64_t>(0, std::chrono::ceil<std::chrono::milliseconds>(left).count()));
  }

  void ask_all(std::int32_t wait_ms, std::int32_t min_bytes) {
    ++open_;  // the round itself
    for (std::size_t i = 0; i < results_.size(); ++i)
      if (results_[i].code == kafka::error_code::none)
        ask(i, wait_ms, min_bytes);
    arrived();
  }

  void ask(std::size_t i, std::int32_t wait_ms, std::int32_t min_bytes) {
    const auto& p = plan_.partitions[i];
    wire_builder<PartitionRead> b;
    b->setOffset(p.fetch_offset.value);
    b->setMaxBytes(static_cast<std::int32_t>(std::min<std::size_t>(max_bytes_, std::max(0, p.max_bytes))));
    b->setMinBytes(min_bytes);
    b->setMaxWaitMs(wait_ms);
    b->setLeaderEpoch(p.current_epoch.value);
    b->setLastFetchedEpoch(p.last_fetched_epoch.value);
    b->setAtLeastOneBatch(true);
    b->setAnyReplica(may_follow());
    b->setCommittedOnly(committed_only_);
    if (!near_.empty()) {
      auto near = b->initNearNodes(static_cast<unsigned>(near_.size()));
      for (unsigned n = 0; n < near_.size(); ++n)
        near.set(n, near_[n].value);
    }
    ++open_;
    in_.self()
      .request(results_[i].replica, caf::infinite, std::move(b).freeze())
      .then([me = shared_from_this(), i](const wire<PartitionSlice>& m) { me->take(i, m); },
            [me = shared_from_this(), i](const caf::error& why) { me->fail(i, why); });
  }

  void take(std::size_t i, const wire<PartitionSlice>& m) {
    auto& r = results_[i];
    total_bytes_ -= r.bytes;
    r.bytes = m->getRecords() == schema::NO_ATTACHMENT ? 0 : size_of(m.attachment(m->getRecords()));
    total_bytes_ += r.bytes;
    r.slice = m;
    urgent_ |= m->getDivergingEpoch() >= 0 || m->getPreferredReplica() >= 0;
    arrived();
  }

  void fail(std::size_t i, const caf::error& why) {
    results_[i].code = code_of(why);
    results_[i].text = render(why);
    arrived();
  }

  /// One answer less is awaited. Answers when there is enough, when nothing can be waited for, or when the time is
  /// over.
  void arrived() {
    --open_;
    if (done_)
      return;
    if (!waiting_) {
      if (open_ > 0)
        return;
      waiting_ = true;
      if (satisfied() || results_.size() == 1)
        return finish();
      return wait_for_more();
    }
    if (satisfied() || open_ == 0)
      finish();
  }

  bool satisfied() const {
    return urgent_ || wait_left() == 0 || results_.empty()
           || total_bytes_ >= static_cast<std::size_t>(std::max(0, min_bytes_))
           || std::any_of(results_.begin(), results_.end(),
                          [](const auto& r) { return r.code != kafka::error_code::none; });
  }

  void wait_for_more() {
    const auto wait = wait_left();
    for (std::size_t i = 0; i < results_.size(); ++i)
      ask(i, wait, static_cast<std::int32_t>(results_[i].bytes) + 1);
  }

  void finish() {
    done_ = true;
    fetch_response out;
    out.session_id = plan_.session_id;
    auto budget = max_bytes_;
    bool first = true;
    for (std::size_t i = 0; i < results_.size(); ++i) {
      auto answer = answer_of(i, budget, first);
      const auto& p = plan_.partitions[i];
      const bool has_records = answer.records && !answer.records->empty();
      const net::fetch_answer_state told{offset{answer.high_watermark}, offset{answer.log_start_offset},
                                         answer.error_code != 0};
      const bool news = in_.fetches().note_answer(p, told, has_records) || answer.diverging_epoch.epoch >= 0
                        || answer.preferred_read_replica >= 0;
      if (news || !plan_.incremental)
        topic_of(out, p).partitions.push_back(std::move(answer));
    }
    if (sends_away(out))
      return in_.let_go(what_);
    add_hints(out);
    in_.reply(what_, out);
  }

  bool sends_away(const fetch_response& out) const {
    constexpr std::int16_t hints_since = 16;
    if (!had_better_go(in_, what_.version, hints_since))
      return false;
    return std::any_of(out.responses.begin(), out.responses.end(), [](const auto& topic) {
      return std::any_of(topic.partitions.begin(), topic.partitions.end(),
                         [](const auto& p) { return deserves_hint(p.error_code); });
    });
  }

  void add_hints(fetch_response& out) const {
    std::optional<leader_hints<fetch_response>> hints;
    for (auto& topic : out.responses)
      for (auto& p : topic.partitions)
        if (deserves_hint(p.error_code)) {
          if (!hints)
            hints.emplace(in_, out);
          hints->hint(p, topic.topic, topic.topic_id, partition_index{p.partition_index});
        }
  }

  /// The response's place for a partition's topic; partitions of one topic mostly follow each other.
  static fetch_response::topic_data& topic_of(fetch_response& out, const fetch_partition& p) {
    if (out.responses.empty() || out.responses.back().topic != p.topic || out.responses.back().topic_id != p.id) {
      auto& topic = out.responses.emplace_back();
      topic.topic = p.topic;
      topic.topic_id = p.id;
    }
    return out.responses.back();
  }

  /// Fills one partition's answer. The whole answer stays within `budget`, but the first records always go: the
  /// partitions were read at the same time, so what is too much is left out here and read again by the next fetch.
  fetch_response::partition_data answer_of(std::size_t i, std::size_t& budget, bool& first) const {
    const auto& r = results_[i];
    fetch_response::partition_data out;
    out.partition_index = plan_.partitions[i].index.value;
    out.records.emplace();
    if (committed_only_)
      out.aborted_transactions.emplace();
    if (r.code != kafka::error_code::none) {
      out.error_code = static_cast<std::int16_t>(r.code);
      out.high_watermark = -1;
      return out;
    }
    const auto m = **r.slice;
    out.high_watermark = m.getHighWatermark();
    out.last_stable_offset = m.getLastStableOffset();
    out.log_start_offset = m.getLogStartOffset();
    out.preferred_read_replica = m.getPreferredReplica();
    if (m.getDivergingEpoch() >= 0) {
      out.diverging_epoch.epoch = m.getDivergingEpoch();
      out.diverging_epoch.end_offset = m.getDivergingEndOffset();
    } else if (r.bytes > 0 && (first || r.bytes <= budget)) {
      out.records->parts.push_back(r.slice->attachment(m.getRecords()));
      if (committed_only_)
        for (const auto one : m.getAborted())
          out.aborted_transactions->push_back({one.getProducerId(), one.getFirstOffset()});
      budget -= std::min(budget, r.bytes);
      first = false;
    }
    return out;
  }

  session_port& in_;
  call what_;
  fetch_session::plan plan_;
  std::int32_t min_bytes_;
  bool committed_only_;
  std::vector<node_id> near_;
  std::size_t max_bytes_ = 0;
  monotonic_time deadline_;
  std::vector<result> results_;
  std::size_t total_bytes_ = 0;
  std::size_t open_ = 0;
  bool waiting_ = false;
  bool urgent_ = false;
  bool done_ = false;
};

/// An id for a new session while there are slots.
std::int32_t new_session_id(session_port& in) {
  auto& context = in.context();
  if (context.fetch_sessions >= context.settings.integer("max.incremental.fetch.session.cache.slots"))
    return session_slots_used_up;
  return static_cast<std::int32_t>(context.random.next(random_purpose::session) & 0x7ffffffe) + 1;
}

}  // namespace

void fetch(session_port& in, const call& what, kafka::reader& body) {
  fetch_request r;
  if (!in.decode(what, body, r))
    return;
  if (r.replica_id >= 0 || r.replica_state.replica_id >= 0) {
    // Followers of ours do not come here, so this is someone who only says to be one (CVE-2018-1288).
    fetch_response refused;
    refused.error_code = static_cast<std::int16_t>(kafka::error_code::cluster_authorization_failed);
    return in.reply(what, refused);
  }
  const bool was_open = in.fetches().is_open();
  auto plan = in.fetches().begin(session_request(r, what), new_session_id(in));
  in.context().fetch_sessions += static_cast<int>(in.fetches().is_open()) - static_cast<int>(was_open);
  if (plan.fault != net::fetch_session_fault::none) {
    fetch_response refused;
    refused.error_code = static_cast<std::int16_t>(code_of_fault(plan.fault));
    return in.reply(what, refused);
  }
  std::make_shared<fetch_call>(in, what, r, std::move(plan))->run();
}

}  // namespace troupe::api
