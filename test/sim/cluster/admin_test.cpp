// What an operator does to a cluster while it works: moves of partitions and leaders, voters that come and go.
#include "test/sim/cluster/scenario.hpp"

#include "schema/kafka/delete_topics.hpp"
#include "schema/kafka/describe_configs.hpp"
#include "schema/kafka/describe_quorum.hpp"
#include "schema/kafka/elect_leaders.hpp"
#include "schema/kafka/fetch.hpp"
#include "schema/kafka/incremental_alter_configs.hpp"
#include "schema/kafka/list_partition_reassignments.hpp"
#include "schema/kafka/metadata.hpp"
#include "schema/kafka/produce.hpp"
#include "schema/kafka/remove_raft_voter.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace troupe;
using namespace troupe::cluster_sim;
using namespace std::chrono_literals;
using kafka::error_code;

namespace {

constexpr std::uint64_t seeds[] = {1, 2, 3};

using quorum_state = kafka::describe_quorum_response::partition;

std::optional<quorum_state> ask_quorum(scenario& s, std::int32_t asked) {
  kafka::describe_quorum_request r;
  auto& topic = r.topics.emplace_back();
  topic.topic_name = "__cluster_metadata";
  topic.partitions.emplace_back().partition_index = 0;
  const auto told = s.ask<kafka::describe_quorum_response>(s.address_of(asked), r, 2);
  if (!told || told->topics.empty() || told->topics[0].partitions.at(0).error_code != 0)
    return std::nullopt;
  return told->topics[0].partitions[0];
}

/// Checks that an answer for partition 0 says that `leader` leads, and where that is (KIP-951).
template <class Response, class Partition>
void check_hint(const Response& told, const Partition& p, std::int32_t leader) {
  BOOST_TEST(p.error_code == static_cast<std::int16_t>(error_code::not_leader_or_follower));
  BOOST_TEST(p.current_leader.leader_id == leader);
  BOOST_TEST(p.current_leader.leader_epoch >= 0);
  BOOST_REQUIRE(told.node_endpoints.size() == 1u);
  BOOST_TEST(told.node_endpoints[0].node_id == leader);
  BOOST_TEST(told.node_endpoints[0].host == scenario::address_of(leader).host);
  BOOST_TEST(told.node_endpoints[0].port == scenario::address_of(leader).port);
}

topic_id id_of_topic(scenario& s, std::int32_t asked) {
  kafka::metadata_request r;
  r.topics.emplace().emplace_back().name = scenario::topic;
  const auto told = s.ask<kafka::metadata_response>(s.address_of(asked), r, 12);
  return told && !told->topics.empty() ? told->topics[0].topic_id : topic_id{};
}

/// Waits until `asked` tells of a quorum that `holds`.
template <class Claim>
bool await_quorum(scenario& s, std::int32_t asked, Claim holds) {
  for (const auto until = s.in().now() + 30s; s.in().now() < until; s.in().run_for(100ms))
    if (const auto told = ask_quorum(s, asked); told && holds(*told))
      return true;
  return false;
}

constexpr std::int8_t of_topic = 2, of_broker = 4;

/// Sets a topic's setting, or the one of all brokers where `resource` is empty.
std::int16_t set_config(scenario& s, std::int32_t asked, const std::string& resource, const std::string& name,
                        const std::string& value) {
  kafka::incremental_alter_configs_request r;
  auto& changed = r.resources.emplace_back();
  changed.resource_type = resource.empty() ? of_broker : of_topic;
  changed.resource_name = resource;
  auto& setting = changed.configs.emplace_back();
  setting.name = name;
  setting.value = value;
  const auto told = s.ask<kafka::incremental_alter_configs_response>(s.address_of(asked), r, 1);
  return told ? told->responses.at(0).error_code : std::int16_t{-1};
}

/// What `asked` says that the topic's setting is.
std::string config_of(scenario& s, std::int32_t asked, const std::string& name) {
  kafka::describe_configs_request r;
  auto& wanted = r.resources.emplace_back();
  wanted.resource_type = of_topic;
  wanted.resource_name = scenario::topic;
  wanted.configuration_keys = {{name}};
  const auto told = s.ask<kafka::describe_configs_response>(s.address_of(asked), r, 4);
  return told && !told->results.at(0).configs.empty() ? told->results[0].configs[0].value.value_or("") : "";
}

std::size_t count_moves(scenario& s, std::int32_t asked) {
  const auto told = s.ask<kafka::list_partition_reassignments_response>(
    s.address_of(asked), kafka::list_partition_reassignments_request{}, 0);
  return told ? told->topics.size() : 99;
}

std::vector<std::int32_t> replicas_of_0(scenario& s, std::int32_t asked) {
  if (const auto told = s.ask_metadata(asked); told && !told->topics.empty())
    for (const auto& p : told->topics[0].partitions)
      if (p.partition_index == 0)
        return p.replica_nodes;
  return {};
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_node_tells_of_the_quorum_that_it_knows) {
  for (const auto seed : seeds) {
    scenario s{seed};
    for (const std::int32_t asked : {1, 2, 3})
      BOOST_TEST(await_quorum(s, asked, [](const quorum_state& q) {
        return q.current_voters.size() == 3 && q.observers.empty()
               && std::all_of(q.current_voters.begin(), q.current_voters.end(), [&](const auto& v) {
                    return v.log_end_offset >= q.high_watermark && v.last_caught_up_timestamp > 0;
                  });
      }));
    s.end_well();
  }
}

BOOST_AUTO_TEST_CASE(a_partition_leaves_a_node_and_comes_back_with_all_that_was_committed) {
  for (const auto seed : seeds) {
    scenario s{seed};
    const auto leader = s.await_leader(1);
    const auto first = s.append(1, "before");
    const auto stays = s.other_than(leader), goes = s.third(leader, stays);
    BOOST_TEST(s.reassign(goes, std::vector{stays, leader}) == 0);
    BOOST_TEST(s.await_in_sync(stays, 2));
    BOOST_TEST((replicas_of_0(s, stays) == std::vector{stays, leader}));
    const auto second = s.append(goes, "between");
    BOOST_TEST(second > first);
    BOOST_TEST(s.reassign(goes, std::nullopt) == static_cast<std::int16_t>(error_code::no_reassignment_in_progress));
    // Back, through a node that is cut off for a while: the move waits for it, and is told as under way.
    s.cut_from_nodes(goes);
    std::int16_t code = -1;  // the node that was cut off may have been the active controller
    for (int attempt = 0; attempt < 6 && code != 0; ++attempt)
      code = s.reassign(stays, std::vector{goes, stays, leader});
    BOOST_TEST(code == 0);
    BOOST_TEST(count_moves(s, stays) == 1u);
    s.heal_to_nodes(goes);
    BOOST_TEST(s.await_in_sync(stays, 3));
    BOOST_TEST(count_moves(s, stays) == 0u);
    const auto found = s.read(s.await_leader(stays));
    BOOST_REQUIRE(found);
    BOOST_TEST(found->at(first) == "before");
    BOOST_TEST(found->at(second) == "between");
    s.end_well();
  }
}

BOOST_AUTO_TEST_CASE(leaders_go_back_to_where_they_are_preferred_when_asked_and_lose_nothing) {
  for (const auto seed : seeds) {
    scenario s{seed};
    const auto preferred = replicas_of_0(s, 1).at(0);
    s.node(preferred).crash();
    const auto other = s.await_leader(s.other_than(preferred), {preferred});
    const auto kept = s.append(other, "kept");
    s.node(preferred).start();
    BOOST_TEST(s.await_in_sync(other, 3));
    kafka::elect_leaders_request r;
    auto& topic = r.topic_partitions.emplace().emplace_back();
    topic.topic = scenario::topic;
    topic.partitions = {0};
    const auto told = s.ask<kafka::elect_leaders_response>(s.address_of(other), r, 2);
    BOOST_REQUIRE(told);
    BOOST_TEST(told->replica_election_results.at(0).partition_result.at(0).error_code == 0);
    BOOST_TEST(s.await_leader(other, {other}) == preferred);
    BOOST_TEST(s.append(preferred, "later") > kept);
    s.end_well();
  }
}

BOOST_AUTO_TEST_CASE(leaders_go_back_to_where_they_are_preferred_by_themselves) {
  for (const auto seed : seeds) {
    scenario s{seed, {"leader.imbalance.check.interval.seconds=5"}};
    const auto preferred = replicas_of_0(s, 1).at(0);
    s.node(preferred).crash();
    const auto other = s.await_leader(s.other_than(preferred), {preferred});
    const auto kept = s.append(other, "kept");
    s.node(preferred).start();
    BOOST_TEST(s.await_in_sync(other, 3));
    BOOST_TEST(s.await_leader(other, {other, s.third(preferred, other)}) == preferred);
    BOOST_TEST(s.append(preferred, "later") > kept);
    const auto found = s.read(preferred);
    BOOST_REQUIRE(found);
    BOOST_TEST(found->at(kept) == "kept");
    s.end_well();
  }
}

BOOST_AUTO_TEST_CASE(a_voter_that_is_stopped_is_removed_and_joins_again_when_it_comes_back) {
  for (const auto seed : seeds) {
    scenario s{seed};
    const auto three = [](const quorum_state& q) { return q.current_voters.size() == 3; };
    BOOST_REQUIRE(await_quorum(s, 1, three));
    const auto before = ask_quorum(s, 1);
    BOOST_REQUIRE(before);
    const auto gone = s.other_than(before->leader_id);
    s.node(gone).crash();
    kafka::remove_raft_voter_request r;
    r.cluster_id.reset();
    for (const auto& v : before->current_voters)
      if (v.replica_id == gone)
        r.voter_directory_id = v.replica_directory_id;
    r.voter_id = gone;
    const auto asked = s.third(before->leader_id, gone);
    const auto told = s.ask<kafka::remove_raft_voter_response>(s.address_of(asked), r, 0);
    BOOST_REQUIRE(told);
    BOOST_TEST(told->error_code == 0);
    BOOST_TEST(await_quorum(s, asked, [](const quorum_state& q) { return q.current_voters.size() == 2; }));
    s.node(gone).start();
    BOOST_TEST(await_quorum(s, asked, three));
    s.end_well();
  }
}

BOOST_AUTO_TEST_CASE(a_voter_that_lost_its_disk_takes_the_place_of_its_former_self) {
  for (const auto seed : seeds) {
    scenario s{seed};
    BOOST_REQUIRE(await_quorum(s, 1, [](const quorum_state& q) { return q.current_voters.size() == 3; }));
    const auto before = ask_quorum(s, 1);
    BOOST_REQUIRE(before);
    const auto kept = s.append(1, "kept");
    const auto wiped = s.other_than(before->leader_id);
    const auto disk_of = [wiped](const quorum_state& q) {
      const auto at = std::find_if(q.current_voters.begin(), q.current_voters.end(),
                                   [wiped](const auto& v) { return v.replica_id == wiped; });
      return at == q.current_voters.end() ? topic_id{} : at->replica_directory_id;
    };
    const auto former = disk_of(*before);
    s.node(wiped).crash();
    s.node(wiped).wipe();
    s.node(wiped).start();
    BOOST_TEST(await_quorum(s, before->leader_id, [&](const quorum_state& q) {
      return q.current_voters.size() == 3 && !disk_of(q).is_zero() && disk_of(q) != former;
    }));
    // Its vote counts: the quorum goes on without another one.
    const auto other = s.third(before->leader_id, wiped);
    BOOST_TEST(s.await_in_sync(before->leader_id, 3));
    s.node(other).crash();
    BOOST_TEST(s.append(wiped, "later") > kept);
    s.node(other).start();
    s.end_well();
  }
}

BOOST_AUTO_TEST_CASE(a_client_at_the_wrong_node_is_told_who_leads_and_where) {
  scenario s{1};
  const auto leader = s.await_leader(1);
  const auto asked = s.other_than(leader);
  kafka::produce_request produce;
  produce.acks = -1;
  produce.timeout_ms = 1000;
  auto& written = produce.topic_data.emplace_back();
  written.name = scenario::topic;
  written.partition_data.emplace_back().index = 0;
  const auto refused = s.ask<kafka::produce_response>(s.address_of(asked), produce, 12);
  BOOST_REQUIRE(refused);
  check_hint(*refused, refused->responses.at(0).partition_responses.at(0), leader);
  // A follower would serve it.
  BOOST_TEST(s.reassign(leader, std::vector{leader, s.third(leader, asked)}) == 0);
  BOOST_REQUIRE(s.await_in_sync(asked, 2));
  kafka::fetch_request fetch;
  auto& read = fetch.topics.emplace_back();
  read.topic_id = id_of_topic(s, asked);
  read.partitions.emplace_back().partition_max_bytes = 1000;
  const auto unread = s.ask<kafka::fetch_response>(s.address_of(asked), fetch, 16);
  BOOST_REQUIRE(unread);
  check_hint(*unread, unread->responses.at(0).partitions.at(0), leader);
  BOOST_TEST(s.reassign(leader, std::vector{leader, s.third(leader, asked), asked}) == 0);
  s.end_well();
}

BOOST_AUTO_TEST_CASE(what_moved_away_leaves_nothing_on_the_disk_and_can_come_back) {
  for (const auto seed : seeds) {
    scenario s{seed};
    const auto leader = s.await_leader(1), left = s.other_than(leader), stays = s.third(leader, left);
    const auto kept = s.append(leader, "kept");
    BOOST_TEST(!s.log_of(left, 0).batches.empty());
    BOOST_TEST(s.reassign(leader, std::vector{leader, stays}) == 0);
    s.in().run_for(5s);
    BOOST_TEST(s.log_of(left, 0).batches.empty());
    const auto later = s.append(leader, "later");
    BOOST_TEST(s.reassign(leader, std::vector{leader, stays, left}) == 0);
    BOOST_TEST(s.await_in_sync(leader, 3));
    const auto back = s.log_of(left, 0).batches;
    BOOST_REQUIRE(!back.empty());
    BOOST_TEST(back.front().first.value <= kept);
    BOOST_TEST(back.back().last.value == later);
    s.end_well();
  }
}

BOOST_AUTO_TEST_CASE(a_move_that_waits_for_a_node_is_cancelled_and_leaves_the_partition_as_it_was) {
  for (const auto seed : seeds) {
    scenario s{seed};
    const auto leader = s.await_leader(1);
    const auto stays = s.other_than(leader), away = s.third(leader, stays);
    BOOST_TEST(s.reassign(leader, std::vector{leader, stays}) == 0);
    BOOST_REQUIRE(s.await_in_sync(leader, 2));
    const auto kept = s.append(leader, "kept");
    s.node(away).crash();
    s.in().run_for(2s);  // it may have been the active controller
    BOOST_REQUIRE(s.reassign(leader, std::vector{away, leader}) == 0);
    BOOST_TEST(count_moves(s, leader) == 1u);
    BOOST_TEST(s.reassign(stays, std::nullopt) == 0);
    BOOST_TEST(count_moves(s, leader) == 0u);
    auto replicas = replicas_of_0(s, leader);
    std::sort(replicas.begin(), replicas.end());
    BOOST_TEST((replicas == std::vector{std::min(leader, stays), std::max(leader, stays)}));
    BOOST_TEST(s.append(leader, "later") > kept);
    s.node(away).start();
    BOOST_TEST(s.reassign(leader, std::vector{leader, stays, away}) == 0);
    s.end_well();
  }
}

BOOST_AUTO_TEST_CASE(C06_a_topics_own_setting_stays_when_the_default_changes_again_and_again) {
  for (const auto seed : seeds) {
    scenario s{seed};
    BOOST_TEST(set_config(s, 1, scenario::topic, "cleanup.policy", "compact") == 0);
    for (const auto* fallback : {"delete", "compact,delete", "delete"})
      BOOST_TEST(set_config(s, 2, "", "log.cleanup.policy", fallback) == 0);
    for (const auto* fallback : {"1000000", "2000000"}) {
      BOOST_TEST(set_config(s, 3, "", "log.retention.bytes", fallback) == 0);
      s.in().run_for(500ms);
      for (const std::int32_t asked : {1, 2, 3}) {
        BOOST_TEST(config_of(s, asked, "cleanup.policy") == "compact");
        BOOST_TEST(config_of(s, asked, "retention.bytes") == fallback);
      }
    }
    s.node(2).crash();
    s.node(2).start();
    s.in().run_for(3s);
    BOOST_TEST(config_of(s, 2, "cleanup.policy") == "compact");
    s.end_well();
  }
}

BOOST_AUTO_TEST_CASE(a_topic_that_is_deleted_right_after_a_write_takes_no_node_with_it) {
  for (const auto seed : seeds) {
    scenario s{seed};
    for (int round = 0; round < 10; ++round) {
      s.begin_send(s.await_leader(1), "last", -1);
      s.in().run_for(std::chrono::microseconds{500 + 200 * round});
      kafka::delete_topics_request gone;
      gone.topic_names = {scenario::topic};
      gone.timeout_ms = 3'000;
      const auto told = s.ask<kafka::delete_topics_response>(s.address_of(1), gone, 5);
      BOOST_REQUIRE((told && told->responses.at(0).error_code == 0));
      s.in().run_for(200ms);
      for (const auto* m : s.in().machines())
        BOOST_TEST(m->is_running());
      BOOST_REQUIRE(s.form());  // makes it again
    }
    s.end_well();
  }
}
