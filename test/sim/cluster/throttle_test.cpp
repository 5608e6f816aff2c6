// Copies that are held back: by the rate of reassignments, or by Kafka's settings for replicas that are named (KIP-73).
#include "test/sim/cluster/scenario.hpp"

#include "schema/kafka/incremental_alter_configs.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace troupe;
using namespace troupe::cluster_sim;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t record_bytes = 50'000;
constexpr int record_count = 40;
constexpr auto rate = 400'000;  // bytes a second: five seconds for all of it

void fill(scenario& s) {
  for (int i = 0; i < record_count; ++i)
    BOOST_REQUIRE(s.append(1, std::string(record_bytes, static_cast<char>('a' + i % 26))) >= 0);
}

std::vector<std::int32_t> in_sync(scenario& s, std::int32_t asked) {
  const auto told = s.ask_metadata(asked);
  if (told && !told->topics.empty())
    for (const auto& p : told->topics[0].partitions)
      if (p.partition_index == 0)
        return p.isr_nodes;
  return {};
}

std::vector<std::int32_t> replicas(scenario& s, std::int32_t asked) {
  const auto told = s.ask_metadata(asked);
  BOOST_REQUIRE(told);
  for (const auto& p : told->topics.at(0).partitions)
    if (p.partition_index == 0)
      return p.replica_nodes;
  return {};
}

/// Virtual seconds until `node` is in sync.
double seconds_until_in_sync(scenario& s, std::int32_t node, std::int32_t asked) {
  const auto began = s.in().now();
  while (s.in().now() - began < 60s) {
    const auto now = in_sync(s, asked);
    if (std::find(now.begin(), now.end(), node) != now.end())
      break;
    s.in().run_for(50ms);
  }
  return std::chrono::duration<double>{s.in().now() - began}.count();
}

void set_topic(scenario& s, const std::string& key, const std::string& value) {
  kafka::incremental_alter_configs_request r;
  auto& resource = r.resources.emplace_back();
  resource.resource_type = 2;
  resource.resource_name = scenario::topic;
  resource.configs.push_back({key, 0, value});
  const auto told = s.ask<kafka::incremental_alter_configs_response>(s.address_of(1), r, 1);
  BOOST_REQUIRE((told && told->responses.at(0).error_code == 0));
}

/// A cluster of three whose topic has two replicas, and the node that has none of partition 0.
struct spare_node {
  explicit spare_node(std::vector<std::string> settings)
    : s(1, cluster_shape{.nodes = 3, .replicas = 2, .min_in_sync = 1, .settings = std::move(settings)}) {
    fill(s);
    old = replicas(s, 1);
    spare = 6 - old.at(0) - old.at(1);
  }
  scenario s;
  std::vector<std::int32_t> old;
  std::int32_t spare = 0;
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_reassignment_copies_no_faster_than_its_rate) {
  spare_node c{{"reassignment.throttled.rate=" + std::to_string(rate)}};
  BOOST_REQUIRE(c.s.reassign(1, {{c.old[0], c.spare}}) == 0);
  const auto took = seconds_until_in_sync(c.s, c.spare, c.old[0]);
  BOOST_TEST(took > 4.0);
  BOOST_TEST(took < 12.0);
  BOOST_TEST(c.s.in().probes().count("a replica waits for a throttle") == 1u);
}

BOOST_AUTO_TEST_CASE(a_reassignment_that_is_not_held_back_is_fast) {
  spare_node c{{}};
  BOOST_REQUIRE(c.s.reassign(1, {{c.old[0], c.spare}}) == 0);
  BOOST_TEST(seconds_until_in_sync(c.s, c.spare, c.old[0]) < 2.0);
}

BOOST_AUTO_TEST_CASE(clients_do_not_wait_for_a_copy_that_is_held_back) {
  spare_node c{{"reassignment.throttled.rate=" + std::to_string(rate)}};
  BOOST_REQUIRE(c.s.reassign(1, {{c.old[0], c.spare}}) == 0);
  c.s.in().run_for(1s);
  const auto began = c.s.in().now();
  BOOST_TEST(c.s.append(1, "while it is held back") >= 0);
  BOOST_TEST((c.s.in().now() - began < 1s));
}

BOOST_AUTO_TEST_CASE(a_reassignment_is_cancelled_while_it_is_held_back) {
  spare_node c{{"reassignment.throttled.rate=1000"}};
  BOOST_REQUIRE(c.s.reassign(1, {{c.old[0], c.spare}}) == 0);
  c.s.in().run_for(3s);
  BOOST_REQUIRE(c.s.reassign(1, std::nullopt) == 0);
  c.s.in().run_for(5s);
  auto now = replicas(c.s, 1);
  std::sort(now.begin(), now.end());
  std::sort(c.old.begin(), c.old.end());
  BOOST_TEST(now == c.old, boost::test_tools::per_element());
  c.s.end_well();
}

BOOST_AUTO_TEST_CASE(kafkas_settings_hold_back_replicas_that_are_named_and_not_in_sync) {
  for (const std::string side : {"leader", "follower"}) {
    scenario s{1, {side + ".replication.throttled.rate=" + std::to_string(rate)}};
    const auto leader = s.await_leader(1);
    const auto away = s.other_than(leader);
    s.node(away).crash();
    fill(s);
    set_topic(s, side + ".replication.throttled.replicas",
              "0:" + std::to_string(side == "leader" ? leader : away));
    s.node(away).start();
    // A follower knows what comes only when it has come: a first slice of a MiB.
    BOOST_TEST(seconds_until_in_sync(s, away, leader) > (side == "leader" ? 4.0 : 2.0));
    // In sync, nothing holds it back.
    const auto began = s.in().now();
    BOOST_TEST(s.append(leader, std::string(record_bytes, 'z')) >= 0);
    BOOST_TEST(s.append(leader, std::string(record_bytes, 'z')) >= 0);
    BOOST_TEST((s.in().now() - began < 1s));
    s.end_well();
  }
}

BOOST_AUTO_TEST_CASE(replicas_that_are_not_named_are_not_held_back) {
  scenario s{1, {"leader.replication.throttled.rate=1000", "follower.replication.throttled.rate=1000"}};
  const auto leader = s.await_leader(1);
  const auto away = s.other_than(leader);
  s.node(away).crash();
  fill(s);
  set_topic(s, "follower.replication.throttled.replicas", "0:" + std::to_string(leader) + ",1:" + std::to_string(away));
  s.node(away).start();
  BOOST_TEST(seconds_until_in_sync(s, away, leader) < 3.0);
  s.end_well();
}
