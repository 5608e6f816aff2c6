#include "tools/sim/consumer_member.hpp"

#include "runtime/kafka/errors.hpp"
#include "tools/sim/simulated_cluster.hpp"

#include "schema/kafka/offset_commit.hpp"
#include "schema/kafka/offset_fetch.hpp"

#include <algorithm>

namespace troupe::cluster_sim {

namespace {

using namespace std::chrono_literals;
using kafka::error_code;

constexpr auto group = "consumers";
constexpr auto rebalance_timeout = 6s;
constexpr auto patience = 3s;
constexpr auto pause_most = 400ms;
constexpr std::uint64_t leave_share = 40;  // of its steps, one in so many ends its membership
constexpr std::uint64_t commit_share = 2;

error_code code_of(std::int16_t code) { return static_cast<error_code>(code); }

}  // namespace

consumer_member::consumer_member(sim::world& in, const std::string& host, std::vector<endpoint> brokers,
                                 group_oracle& oracle)
  : by_(in, host), random_(in.stream("member " + host)), brokers_(std::move(brokers)), oracle_(oracle) {}

void consumer_member::start() { soon(&consumer_member::find); }

std::string consumer_member::describe() const {
  auto out = by_.host() + ": " + at_ + ", epoch " + std::to_string(epoch_) + ", owns";
  for (const auto& [partition, since] : owned_)
    out += " " + std::to_string(partition);
  return out;
}

void consumer_member::soon(void (consumer_member::*step)()) {
  by_.after(std::chrono::microseconds{random_.below(std::chrono::microseconds{pause_most}.count())}, [this, step] {
    if (!is_stopped_)
      (this->*step)();
  });
}

void consumer_member::lose_contact() {
  tells_all_ = true;
  coordinator_.reset();
  soon(&consumer_member::find);
}

/// What it owned may have another reader by now.
void consumer_member::start_anew() {
  epoch_ = 0;
  tells_all_ = true;
  owned_.clear();
  wanted_.clear();
  soon(&consumer_member::work);
}

void consumer_member::find() {
  at_ = "seeks the coordinator";
  kafka::find_coordinator_request r;
  r.coordinator_keys = {group};
  by_.call<kafka::find_coordinator_response>(brokers_[random_.below(brokers_.size())], r, 4, patience,
                                             [this](auto answer) {
                                               if (is_stopped_)
                                                 return;
                                               if (!answer || answer->coordinators.at(0).error_code != 0)
                                                 return soon(&consumer_member::find);
                                               const auto& one = answer->coordinators[0];
                                               coordinator_ = endpoint{one.host, static_cast<std::uint16_t>(one.port)};
                                               soon(&consumer_member::work);
                                             });
}

void consumer_member::work() {
  if (!is_settling_ && epoch_ > 0 && random_.below(leave_share) == 0)
    return leave();
  if (epoch_ > 0 && !owned_.empty() && random_.below(commit_share) == 0)
    return commit();
  heartbeat();
}

/// Gives up what it is not to own any more.
void consumer_member::let_go() {
  std::erase_if(owned_, [this](const auto& entry) { return !wanted_.contains(entry.first); });
}

void consumer_member::heartbeat() {
  at_ = "is a member";
  let_go();
  kafka::consumer_group_heartbeat_request r;
  r.group_id = group;
  r.member_id = by_.host() + "-" + std::to_string(lives_);
  r.member_epoch = epoch_;
  if (tells_all_ || epoch_ == 0) {
    r.rebalance_timeout_ms = std::chrono::milliseconds{rebalance_timeout}.count();
    r.subscribed_topic_names = {std::string{simulated_cluster::topic}};
  }
  auto& owned = r.topic_partitions.emplace();
  if (!owned_.empty()) {
    auto& part = owned.emplace_back();
    part.topic_id = topic_;
    for (const auto& [partition, since] : owned_)
      part.partitions.push_back(partition);
  }
  by_.call<kafka::consumer_group_heartbeat_response>(*coordinator_, r, 1, patience, [this](auto answer) {
    if (is_stopped_)
      return;
    if (answer)
      heard(*answer);
    else
      lose_contact();
  });
}

void consumer_member::heard(const kafka::consumer_group_heartbeat_response& m) {
  switch (code_of(m.error_code)) {
    case error_code::none: break;
    case error_code::fenced_member_epoch:
    case error_code::unknown_member_id:
    case error_code::group_id_not_found: return start_anew();
    case error_code::not_coordinator:
    case error_code::coordinator_not_available: return lose_contact();
    default: at_ += ", told " + std::to_string(m.error_code); return soon(&consumer_member::work);
  }
  epoch_ = m.member_epoch;
  tells_all_ = false;
  if (m.assignment)
    return take(*m.assignment);
  if (is_settling_ && wanted_.empty())
    settled_in_ = epoch_;
  soon(&consumer_member::work);
}

/// What is new is nobody else's any more; the offsets to go on from are read before anything is committed.
void consumer_member::take(const kafka::consumer_group_heartbeat_response_member_assignment& given) {
  wanted_.clear();
  for (const auto& part : given.topic_partitions) {
    topic_ = part.topic_id;
    wanted_.insert(part.partitions.begin(), part.partitions.end());
  }
  let_go();
  std::vector<std::int32_t> gained;
  for (const auto partition : wanted_) {
    if (!owned_.emplace(partition, epoch_).second)
      continue;
    gained.push_back(partition);
    oracle_.owns(epoch_, partition, by_.host() + "-" + std::to_string(lives_));
  }
  if (gained.empty())
    return soon(&consumer_member::work);
  fetch(std::move(gained));
}

void consumer_member::fetch(std::vector<std::int32_t> of) {
  at_ = "reads what is committed";
  kafka::offset_fetch_request r;
  auto& g = r.groups.emplace_back();
  g.group_id = group;
  g.member_id = by_.host() + "-" + std::to_string(lives_);
  g.member_epoch = epoch_;
  auto& t = g.topics.emplace().emplace_back();
  t.name = simulated_cluster::topic;
  t.partition_indexes = of;
  std::vector<std::int64_t> since;
  for (auto p : of)
    since.push_back(oracle_.begins_to_read(p));
  by_.call<kafka::offset_fetch_response>(*coordinator_, r, 9, patience, [this, since, of](auto answer) {
    if (is_stopped_)
      return;
    if (!answer)
      return lose_contact();
    const auto& told = answer->groups.at(0);
    if (told.error_code == 0)
      for (std::size_t i = 0; i < of.size(); ++i)
        for (const auto& p : told.topics.at(0).partitions)
          if (p.partition_index == of[i] && p.error_code == 0)
            oracle_.reads(of[i], since[i], p.committed_offset);
    soon(&consumer_member::work);
  });
}

void consumer_member::commit() {
  at_ = "commits";
  kafka::offset_commit_request r;
  r.group_id = group;
  r.generation_id_or_member_epoch = epoch_;
  r.member_id = by_.host() + "-" + std::to_string(lives_);
  auto& t = r.topics.emplace_back();
  t.name = simulated_cluster::topic;
  for (const auto& [partition, since] : owned_) {
    auto& one = t.partitions.emplace_back();
    one.partition_index = partition;
    one.committed_offset = oracle_.sends(since, partition);
    one.committed_metadata = by_.host();
  }
  const bool has_all = owned_.size() == wanted_.size();
  by_.call<kafka::offset_commit_response>(
    *coordinator_, r, 9, patience, [this, sent = t.partitions, in = epoch_, has_all](auto answer) {
      if (is_stopped_)
        return;
      if (!answer)
        return lose_contact();
      std::int16_t failed = 0;
      for (const auto& p : answer->topics.at(0).partitions) {
        failed = p.error_code != 0 ? p.error_code : failed;
        for (const auto& s : sent)
          if (s.partition_index == p.partition_index && p.error_code == 0)
            oracle_.acknowledged(p.partition_index, s.committed_offset);
      }
      if (code_of(failed) == error_code::not_coordinator || code_of(failed) == error_code::coordinator_not_available)
        return lose_contact();
      if (failed == 0 && is_settling_ && has_all)
        settled_in_ = in;
      soon(&consumer_member::work);  // the next heartbeat tells why it failed
    });
}

/// Says so, or just falls silent, as a process that is killed does; and comes back as another member.
void consumer_member::leave() {
  at_ = "leaves";
  kafka::consumer_group_heartbeat_request r;
  r.group_id = group;
  r.member_id = by_.host() + "-" + std::to_string(lives_++);
  r.member_epoch = -1;
  const bool is_silent = random_.below(2) == 0;
  epoch_ = 0;
  tells_all_ = true;
  owned_.clear();
  wanted_.clear();
  if (is_silent)
    return soon(&consumer_member::work);
  by_.call<kafka::consumer_group_heartbeat_response>(*coordinator_, r, 1, patience, [this](auto answer) {
    if (is_stopped_)
      return;
    if (answer)
      soon(&consumer_member::work);
    else
      lose_contact();
  });
}

}  // namespace troupe::cluster_sim
