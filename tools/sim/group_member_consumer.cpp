#include "runtime/base/sites.hpp"
#include "tools/sim/group_member.hpp"
#include "tools/sim/group_member_ways.hpp"
#include "tools/sim/simulated_cluster.hpp"

#include <algorithm>

// A member of the consumer protocol (KIP-848).
namespace troupe::cluster_sim {

namespace {

using namespace std::chrono_literals;
using kafka::error_code;

constexpr auto giving_up_most = 500ms;
constexpr std::uint64_t commit_share = 2;
constexpr std::int32_t leaves = -1, leaves_for_a_while = -2;
constexpr std::uint64_t final_share = 4;  // of the static members that go, one in so many is not expected back

}  // namespace

/// Gives up what it is to, heartbeats when it is time, and works in between.
void group_member::live() {
  const auto now = by_.in().now();
  if (const auto surplus = without(owned_, wanted_); !surplus.empty() && now >= gives_up_at_) {
    probe("a group member gives up what another one is to read");
    give_up(surplus);
    beat_due_ = now;
  }
  if (now >= beat_due_)
    return beat();
  if (!unread_.empty())
    return fetch();
  const bool reads_nothing = to_commit().empty();
  if (reads_nothing && is_settling_)
    settled_in_ = generation_;
  if (!reads_nothing && random_.below(commit_share) == 0)
    return commit();
  at_ = "is a member";
  const auto due = owned_ == wanted_ ? beat_due_ : std::min(beat_due_, gives_up_at_);
  after(std::max<std::chrono::nanoseconds>(due - now, 1us), &group_member::work);
}

/// Says everything when it joins and after an answer that did not come; else what has changed.
void group_member::beat() {
  if (!coordinator_)
    return find();
  at_ = generation_ == 0 ? "joins" : "heartbeats";
  kafka::consumer_group_heartbeat_request r;
  r.group_id = group;
  r.member_id = member_id_;
  r.member_epoch = generation_;
  r.instance_id = instance_;
  if (!said_) {
    r.rebalance_timeout_ms = std::chrono::milliseconds{rebalance_timeout}.count();
    r.subscribed_topic_names = more_topics_;
    r.subscribed_topic_names->emplace_back(simulated_cluster::topic);
  }
  if (said_ != owned_) {
    std::map<topic_id, std::vector<std::int32_t>> by_topic;
    for (const auto number : owned_) {
      const auto [topic, partition] = oracle_.partition_of(number);
      by_topic[topic].push_back(partition);
    }
    r.topic_partitions.emplace();
    for (auto& [topic, partitions] : by_topic)
      r.topic_partitions->push_back({topic, std::move(partitions)});
  }
  said_.reset();
  ask<kafka::consumer_group_heartbeat_response>(
      r, 1, answer_patience, [this, said = owned_](const auto& m, const auto& q) { take(m, said, q); });
}

void group_member::take(const kafka::consumer_group_heartbeat_response& m, const group_oracle::partitions& said,
                        const group_oracle::question& q) {
  if (m.error_code != 0)
    return react(m.error_code);
  said_ = said;
  is_member_ = true;
  generation_ = m.member_epoch;
  beat_due_ = by_.in().now() + std::chrono::milliseconds{m.heartbeat_interval_ms};
  if (m.assignment) {
    wanted_.clear();
    for (const auto& part : m.assignment->topic_partitions)
      for (const auto partition : part.partitions)
        wanted_.insert(oracle_.number_of(part.topic_id, partition));
    gives_up_at_ = by_.in().now() + some_of(giving_up_most);
  }
  take_assignment(q);
  soon(&group_member::work);
}

/// First gives up, then takes.
void group_member::take_assignment(const group_oracle::question& q) {
  if (const auto surplus = without(owned_, wanted_); !surplus.empty()) {
    oracle_.is_to_give_up(reader_, surplus);
    return oracle_.heard(reader_, q);
  }
  if (owned_ != wanted_)
    beat_due_ = by_.in().now();  // so that the coordinator hears of it
  own(wanted_, q);
}

/// Says so; static members mostly say that they will be back.
void group_member::leave_consumer() {
  if (!coordinator_)
    return after(0ns, &group_member::begin);
  kafka::consumer_group_heartbeat_request r;
  r.group_id = group;
  r.member_id = member_id_;
  r.instance_id = instance_;
  r.member_epoch = instance_ && random_.below(final_share) != 0 ? leaves_for_a_while : leaves;
  by_.call<kafka::consumer_group_heartbeat_response>(*coordinator_, r, 1, answer_patience, [this](auto) {
    if (!is_stopped_)
      soon(&group_member::begin);
  });
}

void group_member::react_consumer(error_code code) {
  switch (code) {
    case error_code::fenced_member_epoch:
    case error_code::unknown_member_id:
    case error_code::group_id_not_found:
      if (!owned_.empty())
        probe("a group member that reads is told that it is none");
      lose_everything();
      break;
    case error_code::stale_member_epoch:       // of an offset: the next heartbeat tells more
    case error_code::unreleased_instance_id:   // its former life counts until its session is over
    case error_code::unknown_topic_or_partition:
      break;
    default:
      oracle_.defect(by_.host() + " is told " + std::string{kafka::name_of(code)} + " as it " + at_);
  }
  soon(&group_member::beat);
}

}  // namespace troupe::cluster_sim
