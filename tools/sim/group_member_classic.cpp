#include "runtime/group/consumer_protocol.hpp"
#include "tools/sim/group_member.hpp"
#include "tools/sim/group_member_ways.hpp"
#include "tools/sim/simulated_cluster.hpp"

#include "schema/kafka/leave_group.hpp"

// A member of the classic protocol.
namespace troupe::cluster_sim {

namespace {

using namespace std::chrono_literals;
using kafka::error_code;

constexpr auto protocol = "cooperative-sticky";  // also of those that give everything up: their choice
constexpr auto join_patience = group_member::rebalance_timeout + 5s;
constexpr std::int16_t subscription_version = 3;

using joined_members = std::vector<kafka::join_group_response_member>;

/// Deals the partitions out to all members in turn, but what another one still reads is left out.
std::map<std::string, group_oracle::partitions> shares_of(const joined_members& members) {
  std::map<std::int32_t, std::string> readers;
  for (const auto& m : members)
    if (const auto said = group::parse_subscription(m.metadata))
      if (const auto found = said->owned.find(simulated_cluster::topic); found != said->owned.end())
        for (const auto p : found->second)
          readers[p] = m.member_id;
  std::map<std::string, group_oracle::partitions> out;
  for (const auto& m : members)
    out[m.member_id];
  for (std::int32_t p = 0; p < simulated_cluster::partition_count; ++p) {
    const auto& to = members[static_cast<std::size_t>(p) % members.size()].member_id;
    if (!readers.contains(p) || readers[p] == to)
      out[to].insert(p);
  }
  return out;
}

}  // namespace

byte_slice group_member::subscription() const {
  kafka::writer out;
  out.write(subscription_version);
  out.write_array(std::vector<std::string>{simulated_cluster::topic}, 0, false);
  out.write(std::int32_t{-1});  // no data of its own
  out.write(std::int32_t{owned_.empty() ? 0 : 1});
  if (!owned_.empty()) {
    out.write_string(simulated_cluster::topic, false);
    out.write_array(std::vector<std::int32_t>(owned_.begin(), owned_.end()), 0, false);
  }
  out.write(generation_);
  out.write(std::int16_t{-1});  // no rack
  return flatten(std::move(out).finish());
}

void group_member::join() {
  if (!coordinator_)
    return find();
  at_ = "joins";
  is_member_ = false;
  if (is_eager_)
    give_up(owned_);
  kafka::join_group_request r;
  r.group_id = group;
  r.session_timeout_ms = std::chrono::milliseconds{session_timeout}.count();
  r.rebalance_timeout_ms = std::chrono::milliseconds{rebalance_timeout}.count();
  r.member_id = member_id_;
  r.group_instance_id = instance_;
  r.protocol_type = group::consumer_protocol;
  r.protocols.push_back({protocol, subscription()});
  ask<kafka::join_group_response>(r, 9, join_patience, [this](const auto& m, const auto&) { joined(m); });
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
  sync(m);  // only that tells whether it has kept its place: one that was given up joins with its old id, too
}

void group_member::sync(const kafka::join_group_response& m) {
  at_ = "syncs";
  kafka::sync_group_request r;
  r.group_id = group;
  r.generation_id = generation_;
  r.member_id = member_id_;
  r.group_instance_id = instance_;
  r.protocol_type = group::consumer_protocol;
  r.protocol_name = protocol;
  if (m.leader == member_id_)
    for (const auto& [id, share] : shares_of(m.members))
      r.assignments.push_back({id, group::encode_assignment(subscription_version, {{simulated_cluster::topic,
                                                                                    {share.begin(), share.end()}}})});
  ask<kafka::sync_group_response>(r, 5, join_patience, [this](const auto& told, const auto& q) { synced(told, q); });
}

void group_member::synced(const kafka::sync_group_response& m, const group_oracle::question& q) {
  if (m.error_code != 0)
    return react(m.error_code);
  // What comes so late may be somebody else's already.
  if (by_.in().now() - q.at > session_timeout * 4 / 5)
    return react(kafka::code_of(error_code::rebalance_in_progress));
  const auto told = group::parse_assignment(m.assignment).value_or(group::named_partitions{});
  group_oracle::partitions share;
  if (const auto found = told.find(simulated_cluster::topic); found != told.end())
    share.insert(found->second.begin(), found->second.end());
  const bool gives_up = !without(owned_, share).empty();
  own(share, q);
  if (gives_up)
    return soon(&group_member::join);  // so that others get it
  soon(&group_member::work);
}

void group_member::heartbeat() {
  at_ = "is a member";
  kafka::heartbeat_request r;
  r.group_id = group;
  r.generation_id = generation_;
  r.member_id = member_id_;
  r.group_instance_id = instance_;
  ask<kafka::heartbeat_response>(r, 4, answer_patience, [this](const auto& m, const auto& q) {
    if (m.error_code != 0)
      return react(m.error_code);
    oracle_.heard(reader_, q);
    soon(&group_member::work);
  });
}

/// Static members say nothing when they go.
void group_member::leave_classic() {
  if (instance_ || !coordinator_)
    return after(0ns, &group_member::begin);
  kafka::leave_group_request r;
  r.group_id = group;
  r.members.push_back({member_id_, std::nullopt, std::nullopt});
  by_.call<kafka::leave_group_response>(*coordinator_, r, 5, answer_patience, [this](auto) {
    if (!is_stopped_)
      soon(&group_member::begin);
  });
}

void group_member::react_classic(error_code code) {
  switch (code) {
    case error_code::unknown_member_id:
    case error_code::fenced_instance_id:
      lose_everything();
      member_id_.clear();
      return soon(&group_member::join);
    case error_code::illegal_generation:
      lose_everything();
      return soon(&group_member::join);
    default: return soon(&group_member::join);
  }
}

}  // namespace troupe::cluster_sim
