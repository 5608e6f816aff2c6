#include "tools/sim/cluster_operator.hpp"

#include "runtime/kafka/errors.hpp"
#include "tools/sim/simulated_cluster.hpp"

#include "schema/kafka/alter_partition_reassignments.hpp"
#include "schema/kafka/elect_leaders.hpp"
#include "schema/kafka/remove_raft_voter.hpp"

#include <algorithm>

namespace troupe::cluster_sim {

namespace {

using namespace std::chrono_literals;
using kafka::error_code;

constexpr auto patience = 6s;
constexpr auto pause_most = 1'500ms;
constexpr std::size_t voters_least = 3;  // of which one may be taken away
constexpr std::size_t defects_max = 20;

/// What an operator has to reckon with while nodes come and go.
bool is_to_be_expected(error_code code) {
  switch (code) {
    case error_code::none:
    case error_code::request_timed_out:
    case error_code::not_controller:
    case error_code::broker_not_available:
    case error_code::leader_not_available:
    case error_code::network_exception:
    case error_code::unknown_topic_or_partition:
    case error_code::invalid_replica_assignment:
    case error_code::no_reassignment_in_progress:
    case error_code::preferred_leader_not_available:
    case error_code::eligible_leaders_not_available:
    case error_code::election_not_needed:
    case error_code::not_leader_or_follower:
    case error_code::voter_not_found: return true;
    default: return false;
  }
}

}  // namespace

cluster_operator::cluster_operator(simulated_cluster& cluster, std::vector<std::string>& defects, bool removes_voters)
  : cluster_(cluster),
    defects_(defects),
    removes_voters_(removes_voters),
    by_(cluster.in(), "operator"),
    random_(cluster.in().stream("operator")) {}

void cluster_operator::start() {
  is_stopped_ = is_idle_ = false;
  next_soon();
}

endpoint cluster_operator::any_node() {
  return cluster_.address_of(1 + static_cast<std::int32_t>(random_.below(cluster_.addresses().size())));
}

std::int32_t cluster_operator::any_partition() {
  return static_cast<std::int32_t>(random_.below(simulated_cluster::partition_count));
}

void cluster_operator::next_soon() {
  by_.after(std::chrono::microseconds{random_.below(std::chrono::microseconds{pause_most}.count())},
            [this] { go_on(); });
}

void cluster_operator::go_on() {
  if (is_stopped_) {
    is_idle_ = true;
    return;
  }
  switch (random_.below(removes_voters_ ? 8 : 7)) {
    case 0:
    case 1:
    case 2: return move();
    case 3: return cancel_move();
    case 4:
    case 5:
    case 6: return elect_preferred();
    default: return find_voter();
  }
}

void cluster_operator::answered(const std::string& what, std::int16_t code, const std::string& said) {
  if (!is_to_be_expected(static_cast<error_code>(code)) && defects_.size() < defects_max)
    defects_.push_back("operator: " + what + " is refused: " + std::to_string(code) + " " + said);
  next_soon();
}

// -- moves ------------------------------------------------------------------------------------------------------------

/// As many replicas as before, on any nodes and in any order.
void cluster_operator::move() {
  std::vector<std::int32_t> nodes;
  for (std::int32_t id = 1; id <= cluster_.shape().nodes; ++id)
    nodes.push_back(id);
  for (std::size_t i = nodes.size(); i > 1; --i)
    std::swap(nodes[i - 1], nodes[random_.below(i)]);
  nodes.resize(static_cast<std::size_t>(cluster_.shape().replicas));
  kafka::alter_partition_reassignments_request r;
  auto& topic = r.topics.emplace_back();
  topic.name = simulated_cluster::topic;
  topic.partitions.push_back({any_partition(), std::move(nodes)});
  by_.call<kafka::alter_partition_reassignments_response>(any_node(), r, 1, patience, [this](auto answer) {
    if (!answer || answer->responses.empty())
      return next_soon();
    const auto& of = answer->responses[0].partitions.at(0);
    answered("a move", of.error_code, of.error_message.value_or(""));
  });
}

void cluster_operator::cancel_move() {
  kafka::alter_partition_reassignments_request r;
  auto& topic = r.topics.emplace_back();
  topic.name = simulated_cluster::topic;
  topic.partitions.push_back({any_partition(), std::nullopt});
  by_.call<kafka::alter_partition_reassignments_response>(any_node(), r, 1, patience, [this](auto answer) {
    if (!answer || answer->responses.empty())
      return next_soon();
    const auto& of = answer->responses[0].partitions.at(0);
    answered("the end of a move", of.error_code, of.error_message.value_or(""));
  });
}

void cluster_operator::elect_preferred() {
  kafka::elect_leaders_request r;
  auto& topic = r.topic_partitions.emplace().emplace_back();
  topic.topic = simulated_cluster::topic;
  topic.partitions = {any_partition()};
  r.timeout_ms = 2'000;
  by_.call<kafka::elect_leaders_response>(any_node(), r, 2, patience, [this](auto answer) {
    if (!answer || answer->replica_election_results.empty())
      return next_soon();
    const auto& of = answer->replica_election_results[0].partition_result.at(0);
    answered("an election", of.error_code, of.error_message.value_or(""));
  });
}

// -- voters -----------------------------------------------------------------------------------------------------------

void cluster_operator::find_voter() {
  kafka::describe_quorum_request r;
  auto& topic = r.topics.emplace_back();
  topic.topic_name = "__cluster_metadata";
  topic.partitions.emplace_back().partition_index = 0;
  by_.call<kafka::describe_quorum_response>(any_node(), r, 2, patience, [this](auto answer) {
    if (!answer || answer->topics.empty() || answer->topics[0].partitions.at(0).error_code != 0)
      return next_soon();
    remove_one_of(*answer);
  });
}

void cluster_operator::remove_one_of(const kafka::describe_quorum_response& quorum) {
  const auto& voters = quorum.topics[0].partitions[0].current_voters;
  if (voters.size() < voters_least)
    return next_soon();
  const auto& goes = voters[random_.below(voters.size())];
  kafka::remove_raft_voter_request r;
  r.cluster_id.reset();
  r.voter_id = goes.replica_id;
  r.voter_directory_id = goes.replica_directory_id;
  by_.call<kafka::remove_raft_voter_response>(any_node(), r, 0, patience, [this](auto answer) {
    if (!answer)
      return next_soon();
    answered("the removal of a voter", answer->error_code, answer->error_message.value_or(""));
  });
}

}  // namespace troupe::cluster_sim
