#include "tools/sim/group_member.hpp"

#include "runtime/kafka/errors.hpp"
#include "tools/sim/simulated_cluster.hpp"

#include "schema/kafka/heartbeat.hpp"
#include "schema/kafka/leave_group.hpp"
#include "schema/kafka/offset_commit.hpp"
#include "schema/kafka/offset_fetch.hpp"

#include <charconv>

namespace troupe::cluster_sim {

namespace {

using namespace std::chrono_literals;
using kafka::error_code;

constexpr auto group = "members";
constexpr auto session_timeout = 6s;
constexpr auto rebalance_timeout = 6s;
constexpr auto patience = 3s;
constexpr auto join_patience = rebalance_timeout + 5s;
constexpr auto pause_most = 400ms;
constexpr std::uint64_t leave_share = 40;   // of its steps, one in so many ends its membership
constexpr std::uint64_t commit_share = 2;

std::string text_of(const std::vector<std::int32_t>& partitions) {
  std::string out;
  for (auto p : partitions)
    out += (out.empty() ? "" : ",") + std::to_string(p);
  return out;
}

std::vector<std::int32_t> partitions_of(std::string_view text) {
  std::vector<std::int32_t> out;
  for (const auto* at = text.data(); at < text.data() + text.size(); ++at) {
    std::int32_t one = 0;
    at = std::from_chars(at, text.data() + text.size(), one).ptr;
    out.push_back(one);
  }
  return out;
}

}  // namespace

group_member::group_member(sim::world& in, const std::string& host, std::vector<endpoint> brokers,
                           group_oracle& oracle)
  : by_(in, host), random_(in.stream("member " + host)), brokers_(std::move(brokers)), oracle_(oracle) {}

void group_member::start() { soon(&group_member::find); }

std::string group_member::describe() const {
  return by_.host() + ": " + at_ + ", generation " + std::to_string(generation_) + ", owns " + text_of(owned_);
}

void group_member::soon(void (group_member::*step)()) {
  by_.after(std::chrono::microseconds{random_.below(std::chrono::microseconds{pause_most}.count())}, [this, step] {
    if (!is_stopped_)
      (this->*step)();
  });
}

/// Asks the coordinator; without an answer it is sought anew.
template <class Response, class Request>
void group_member::ask(const Request& request, std::int16_t version, std::chrono::nanoseconds patience_for,
                       void (group_member::*then)(const Response&)) {
  by_.call<Response>(*coordinator_, request, version, patience_for, [this, then](expected<Response> answer) {
    if (is_stopped_)
      return;
    if (answer)
      (this->*then)(*answer);
    else
      lose_contact();
  });
}

void group_member::lose_contact() {
  coordinator_.reset();
  soon(&group_member::find);
}

void group_member::forget() {
  member_id_.clear();
  generation_ = -1;
  is_member_ = false;
  owned_.clear();
}

void group_member::react(std::int16_t code) {
  at_ += ", told " + std::to_string(code);
  switch (static_cast<error_code>(code)) {
    case error_code::not_coordinator:
    case error_code::coordinator_not_available: return lose_contact();
    case error_code::unknown_member_id:
    case error_code::fenced_instance_id: forget(); return soon(&group_member::join);
    default: return soon(&group_member::join);
  }
}

// -- joining ----------------------------------------------------------------------------------------------------------

void group_member::find() {
  at_ = "seeks the coordinator";
  kafka::find_coordinator_request r;
  r.coordinator_keys = {group};
  by_.call<kafka::find_coordinator_response>(brokers_[random_.below(brokers_.size())], r, 4, patience,
                                             [this](auto answer) {
                                               if (is_stopped_)
                                                 return;
                                               if (answer)
                                                 found(*answer);
                                               else
                                                 soon(&group_member::find);
                                             });
}

void group_member::found(const kafka::find_coordinator_response& m) {
  const auto& one = m.coordinators.at(0);
  if (one.error_code != 0)
    return soon(&group_member::find);
  coordinator_ = endpoint{one.host, static_cast<std::uint16_t>(one.port)};
  soon(is_member_ ? &group_member::work : &group_member::join);
}

void group_member::join() {
  if (!coordinator_)
    return find();
  at_ = "joins";
  owned_.clear();
  generation_ = -1;
  is_member_ = false;
  kafka::join_group_request r;
  r.group_id = group;
  r.session_timeout_ms = std::chrono::milliseconds{session_timeout}.count();
  r.rebalance_timeout_ms = std::chrono::milliseconds{rebalance_timeout}.count();
  r.member_id = member_id_;
  r.protocol_type = "consumer";
  auto& p = r.protocols.emplace_back();
  p.name = "range";
  p.metadata = byte_slice::copy_of(as_bytes(by_.host()));
  ask<kafka::join_group_response>(r, 9, join_patience, &group_member::joined);
}

void group_member::joined(const kafka::join_group_response& m) {
  if (static_cast<error_code>(m.error_code) == error_code::member_id_required) {
    member_id_ = m.member_id;
    return join();
  }
  if (m.error_code != 0)
    return react(m.error_code);
  member_id_ = m.member_id;
  generation_ = m.generation_id;
  sync(m);
}

/// The leader deals the partitions out to all members in turn.
void group_member::sync(const kafka::join_group_response& m) {
  at_ = "syncs";
  kafka::sync_group_request r;
  r.group_id = group;
  r.generation_id = generation_;
  r.member_id = member_id_;
  r.protocol_type = "consumer";
  r.protocol_name = "range";
  if (m.leader == member_id_) {
    std::vector<std::vector<std::int32_t>> shares(m.members.size());
    for (std::int32_t p = 0; p < simulated_cluster::partition_count; ++p)
      shares[static_cast<std::size_t>(p) % shares.size()].push_back(p);
    for (std::size_t i = 0; i < m.members.size(); ++i)
      r.assignments.push_back({m.members[i].member_id, byte_slice::copy_of(as_bytes(text_of(shares[i])))});
  }
  ask<kafka::sync_group_response>(r, 5, join_patience, &group_member::synced);
}

void group_member::synced(const kafka::sync_group_response& m) {
  if (m.error_code != 0)
    return react(m.error_code);
  owned_ = partitions_of(as_text(m.assignment));
  is_member_ = true;
  for (auto p : owned_)
    oracle_.owns(generation_, p, member_id_);
  fetch();
}

void group_member::fetch() {
  at_ = "reads what is committed";
  kafka::offset_fetch_request r;
  auto& g = r.groups.emplace_back();
  g.group_id = group;
  auto& t = g.topics.emplace().emplace_back();
  t.name = simulated_cluster::topic;
  t.partition_indexes = owned_;
  std::vector<std::int64_t> since;
  for (auto p : owned_)
    since.push_back(oracle_.begins_to_read(p));
  by_.call<kafka::offset_fetch_response>(*coordinator_, r, 9, patience, [this, since, of = owned_](auto answer) {
    if (is_stopped_)
      return;
    if (!answer)
      return lose_contact();
    const auto& told = answer->groups.at(0);
    if (told.error_code != 0)
      return react(told.error_code);
    for (std::size_t i = 0; i < of.size(); ++i)
      for (const auto& p : told.topics.at(0).partitions)
        if (p.partition_index == of[i] && p.error_code == 0)
          oracle_.reads(of[i], since[i], p.committed_offset);
    soon(&group_member::work);
  });
}

// -- being a member ---------------------------------------------------------------------------------------------------

void group_member::work() {
  if (!is_settling_ && random_.below(leave_share) == 0)
    return leave();
  if (!owned_.empty() && random_.below(commit_share) == 0)
    return commit();
  if (owned_.empty() && is_settling_)
    settled_in_ = generation_;
  heartbeat();
}

void group_member::heartbeat() {
  at_ = "is a member";
  kafka::heartbeat_request r;
  r.group_id = group;
  r.generation_id = generation_;
  r.member_id = member_id_;
  by_.call<kafka::heartbeat_response>(*coordinator_, r, 4, patience, [this](auto answer) {
    if (is_stopped_)
      return;
    if (!answer)
      return lose_contact();
    if (answer->error_code != 0)
      return react(answer->error_code);
    soon(&group_member::work);
  });
}

void group_member::commit() {
  at_ = "commits";
  kafka::offset_commit_request r;
  r.group_id = group;
  r.generation_id_or_member_epoch = generation_;
  r.member_id = member_id_;
  auto& t = r.topics.emplace_back();
  t.name = simulated_cluster::topic;
  for (auto p : owned_) {
    auto& one = t.partitions.emplace_back();
    one.partition_index = p;
    one.committed_offset = oracle_.sends(generation_, p);
    one.committed_metadata = by_.host();
  }
  by_.call<kafka::offset_commit_response>(
    *coordinator_, r, 9, patience, [this, sent = t.partitions, in = generation_](auto answer) {
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
      if (failed != 0)
        return react(failed);
      if (is_settling_)
        settled_in_ = in;
      soon(&group_member::work);
    });
}

/// Says so, or just falls silent, as a process that is killed does.
void group_member::leave() {
  at_ = "leaves";
  kafka::leave_group_request r;
  r.group_id = group;
  r.members.push_back({member_id_, std::nullopt, std::nullopt});
  const bool is_silent = random_.below(2) == 0;
  forget();
  if (is_silent)
    return soon(&group_member::join);
  by_.call<kafka::leave_group_response>(*coordinator_, r, 5, patience, [this](auto answer) {
    if (is_stopped_)
      return;
    if (!answer)
      return lose_contact();
    soon(&group_member::join);
  });
}

}  // namespace troupe::cluster_sim
