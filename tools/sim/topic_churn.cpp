#include "tools/sim/topic_churn.hpp"

#include "runtime/kafka/errors.hpp"
#include "runtime/log/batch.hpp"
#include "runtime/log/batch_builder.hpp"
#include "runtime/log/record.hpp"
#include "tools/sim/simulated_cluster.hpp"

#include "schema/kafka/create_topics.hpp"
#include "schema/kafka/delete_topics.hpp"
#include "schema/kafka/elect_leaders.hpp"
#include "schema/kafka/produce.hpp"

#include <algorithm>

namespace troupe::cluster_sim {

namespace {

using namespace std::chrono_literals;
using kafka::error_code;

constexpr auto patience = 6s;
constexpr auto pause_most = 100ms;
constexpr int writes_most = 12;
constexpr std::uint64_t unclean_share = 4;  // of the looks for a leader that find none, one in so many
constexpr std::int64_t record_time_ms = 1'700'000'000'000;
constexpr std::int32_t fetch_bytes = 100'000;
constexpr std::size_t unpacked_bytes_max = 1 << 20;
constexpr std::size_t defects_max = 20;

byte_slice batch_of(const std::string& value) {
  log::batch_builder builder{{}};
  builder.add({record_time_ms, {}, as_bytes(value), {}});
  return std::move(builder).finish().value();
}

}  // namespace

topic_churn::topic_churn(simulated_cluster& cluster, std::vector<std::string>& defects)
  : cluster_(cluster), defects_(defects), by_(cluster.in(), "churn"), random_(cluster.in().stream("churn")) {}

void topic_churn::start() {
  is_stopped_ = is_idle_ = false;
  create();
}

void topic_churn::defect(const std::string& what) {
  if (defects_.size() < defects_max)
    defects_.push_back("topic churn: " + what);
}

endpoint topic_churn::any_node() {
  return cluster_.address_of(1 + static_cast<std::int32_t>(random_.below(cluster_.addresses().size())));
}

std::string topic_churn::value_of(int number) const {
  return std::to_string(made_) + "-" + std::to_string(number);
}

void topic_churn::again_soon(void (topic_churn::*step)()) {
  by_.after(std::chrono::microseconds{random_.below(std::chrono::microseconds{pause_most}.count())},
            [this, step] { (this->*step)(); });
}

// -- coming -----------------------------------------------------------------------------------------------------------

void topic_churn::create() {
  at_ = "makes a topic";
  kafka::create_topics_request r;
  auto& t = r.topics.emplace_back();
  t.name = name;
  t.num_partitions = 1;
  t.replication_factor = cluster_.shape().replicas;
  r.timeout_ms = 3'000;
  by_.call<kafka::create_topics_response>(any_node(), r, 7, patience, [this](auto answer) {
    last_said_ = answer ? std::to_string(answer->topics.at(0).error_code) : render(answer.error());
    const auto code = answer ? static_cast<error_code>(answer->topics[0].error_code) : error_code::request_timed_out;
    // Its making may have been answered to nobody before.
    if (code != error_code::none && code != error_code::topic_already_exists)
      return again_soon(&topic_churn::create);
    ++made_;
    id_ = {};
    is_unknown_ = false;
    written_ = 0;
    may_lose_ = false;
    to_write_ = static_cast<int>(random_.below(writes_most));
    acked_.clear();
    again_soon(&topic_churn::write);
  });
}

void topic_churn::find(void (topic_churn::*then)()) {
  kafka::metadata_request r;
  r.topics.emplace().emplace_back().name = name;
  r.allow_auto_topic_creation = false;
  by_.call<kafka::metadata_response>(any_node(), r, 12, patience, [this, then](auto answer) {
    if (answer)
      learn(*answer);
    again_soon(then);
  });
}

void topic_churn::learn(const kafka::metadata_response& m) {
  leader_ = {};
  is_unknown_ = !m.topics.empty()
                && m.topics[0].error_code == static_cast<std::int16_t>(error_code::unknown_topic_or_partition);
  if (m.topics.empty() || m.topics[0].error_code != 0)
    return;
  // A node that is behind may still tell of a topic that was there before.
  if (std::find(deleted_.begin(), deleted_.end(), m.topics[0].topic_id) != deleted_.end())
    return;
  if (!id_.is_zero() && id_ != m.topics[0].topic_id)
    return defect("a topic that nobody deleted has another id at " + std::to_string(made_));
  id_ = m.topics[0].topic_id;
  for (const auto& p : m.topics[0].partitions)
    for (const auto& b : m.brokers)
      if (b.node_id == p.leader_id)
        leader_ = {b.host, static_cast<std::uint16_t>(b.port)};
}

// -- while it is there ------------------------------------------------------------------------------------------------

void topic_churn::write() {
  at_ = "writes " + value_of(written_);
  if (written_ == to_write_) {
    found_.clear();
    return read();
  }
  // That it exists may have been said by a controller that was deposed before the last one was deleted.
  if (id_.is_zero() && is_unknown_)
    return create();
  if (leader_.host.empty() && !id_.is_zero() && random_.below(unclean_share) == 0)
    return elect_anybody();
  if (leader_.host.empty() || id_.is_zero())
    return find(&topic_churn::write);
  kafka::produce_request r;
  r.acks = -1;
  r.timeout_ms = 3'000;
  auto& t = r.topic_data.emplace_back();
  t.topic_id = id_;
  t.partition_data = {{0, batch_of(value_of(written_))}};
  by_.call<kafka::produce_response>(leader_, r, 13, patience, [this](auto answer) {
    if (!answer)
      return find(&topic_churn::write);
    const auto& said = answer->responses.at(0).partition_responses.at(0);
    last_said_ = "produce " + std::to_string(said.error_code);
    if (said.error_code != 0)
      return find(&topic_churn::write);
    acked_[said.base_offset] = value_of(written_++);
    again_soon(&topic_churn::write);
  });
}

/// It has no leader, as far as is known: one that has lost something is better than none.
void topic_churn::elect_anybody() {
  at_ = "has anybody elected";
  may_lose_ = true;
  kafka::elect_leaders_request r;
  r.election_type = 1;
  auto& t = r.topic_partitions.emplace().emplace_back();
  t.topic = name;
  t.partitions = {0};
  r.timeout_ms = 3'000;
  by_.call<kafka::elect_leaders_response>(any_node(), r, 2, patience, [this](auto answer) {
    if (answer && !answer->replica_election_results.empty()) {
      const auto code = static_cast<error_code>(
        answer->replica_election_results[0].partition_result.at(0).error_code);
      last_said_ = "election " + std::to_string(static_cast<int>(code));
    }
    find(&topic_churn::write);
  });
}

void topic_churn::read() {
  at_ = "reads";
  if (leader_.host.empty() || id_.is_zero())
    return find(&topic_churn::read);
  kafka::fetch_request r;
  r.max_wait_ms = 20;
  r.min_bytes = 1;
  r.max_bytes = fetch_bytes;
  auto& t = r.topics.emplace_back();
  t.topic_id = id_;
  auto& p = t.partitions.emplace_back();
  p.fetch_offset = found_.empty() ? 0 : found_.rbegin()->first + 1;
  p.partition_max_bytes = fetch_bytes;
  by_.call<kafka::fetch_response>(leader_, r, 13, patience, [this](auto answer) {
    last_said_ = answer ? "fetch " + std::to_string(answer->error_code) : render(answer.error());
    if (!answer || answer->error_code != 0 || answer->responses.empty()
        || answer->responses[0].partitions.at(0).error_code != 0)
      return find(&topic_churn::read);
    take(*answer);
  });
}

void topic_churn::take(const kafka::fetch_response& m) {
  const auto& p = m.responses[0].partitions[0];
  const auto bytes = p.records ? flatten(p.records->parts) : byte_slice{};
  log::batch_run run{bytes};
  for (auto batch = run.next(); batch && *batch; batch = run.next()) {
    const auto unpacked = log::unpacked_records::of(**batch, unpacked_bytes_max);
    log::record_run records{unpacked.value()};
    for (auto record = records.next().value(); record; record = records.next().value())
      found_[(*batch)->base_offset().value + record->offset_delta] = as_text(record->value.value());
  }
  const auto last = found_.empty() ? -1 : found_.rbegin()->first;
  if (acked_.empty() || last >= acked_.rbegin()->first)
    return compare();
  if (bytes.empty() && may_lose_)
    return compare();
  if (bytes.empty())
    return find(&topic_churn::read);  // a new leader may not know yet what is committed
  again_soon(&topic_churn::read);
}

void topic_churn::compare() {
  const auto own = std::to_string(made_) + "-";
  for (const auto& [at, value] : found_)
    if (!value.starts_with(own))
      defect("topic " + std::to_string(made_) + " shows '" + value + "' of another one at offset "
             + std::to_string(at));
  for (const auto& [at, value] : acked_)
    if (const auto found = found_.find(at); !may_lose_ && (found == found_.end() || found->second != value))
      defect("topic " + std::to_string(made_) + " lost '" + value + "' at offset " + std::to_string(at));
  remove();
}

// -- going ------------------------------------------------------------------------------------------------------------

void topic_churn::remove() {
  at_ = "deletes";
  if (id_.is_zero())
    return find(&topic_churn::remove);
  kafka::delete_topics_request r;
  r.topics.emplace_back().topic_id = id_;
  r.timeout_ms = 3'000;
  by_.call<kafka::delete_topics_response>(any_node(), r, 6, patience, [this](auto answer) {
    const auto code = answer ? static_cast<error_code>(answer->responses.at(0).error_code)
                             : error_code::request_timed_out;
    last_said_ = "delete " + std::to_string(static_cast<int>(code));
    if (code != error_code::none && code != error_code::unknown_topic_id)
      return again_soon(&topic_churn::remove);
    deleted_.push_back(id_);
    leader_ = {};
    if (is_stopped_) {
      is_idle_ = true;
      return;
    }
    create();
  });
}

}  // namespace troupe::cluster_sim
