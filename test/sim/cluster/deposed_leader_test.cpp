// What becomes of requests with acks=all that wait at a leader while another one is elected. "Not leader" is right only
// for records that are gone: clients that retry what is committed double it, unless the producer's sequence tells.
#include "test/sim/cluster/scenario.hpp"

#include "schema/kafka/describe_quorum.hpp"
#include "schema/kafka/elect_leaders.hpp"
#include "schema/kafka/metadata.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace troupe;
using namespace troupe::cluster_sim;
using namespace std::chrono_literals;
using kafka::error_code;

namespace {

constexpr std::uint64_t seeds[] = {1, 2, 3, 4, 5, 6};

std::int32_t preferred_leader(scenario& s, std::int32_t asked) {
  if (const auto told = s.ask_metadata(asked); told && !told->topics.empty())
    for (const auto& p : told->topics[0].partitions)
      if (p.partition_index == 0)
        return p.replica_nodes.at(0);
  return 0;
}

bool elect_preferred(scenario& s, std::int32_t asked) {
  kafka::elect_leaders_request r;
  auto& topic = r.topic_partitions.emplace().emplace_back();
  topic.topic = scenario::topic;
  topic.partitions = {0};
  const auto told = s.ask<kafka::elect_leaders_response>(s.address_of(asked), r, 2);
  return told && told->replica_election_results.at(0).partition_result.at(0).error_code == 0;
}

std::int32_t quorum_leader(scenario& s, std::int32_t asked) {
  kafka::describe_quorum_request r;
  auto& topic = r.topics.emplace_back();
  topic.topic_name = "__cluster_metadata";
  topic.partitions.emplace_back().partition_index = 0;
  const auto told = s.ask<kafka::describe_quorum_response>(s.address_of(asked), r, 2);
  return told ? told->topics.at(0).partitions.at(0).leader_id : 0;
}

/// A record that waits for the third replica, which hangs, while its leader is deposed.
struct deposal {
  explicit deposal(scenario& s) {
    next = preferred_leader(s, 1);
    s.node(next).crash();
    old = s.await_leader(s.other_than(next), {next});
    s.node(next).start();
    hanging = s.third(next, old);
    if (!s.await_in_sync(old, 3) || quorum_leader(s, old) == hanging)
      return;  // an election of controllers is another story
    s.node(hanging).pause();
    waiting = s.begin_send(old, "waiting", -1, 20s);
    s.in().run_for(20ms);
    has_happened = !waiting->is_over && elect_preferred(s, old) && s.await_leader(next, {old}) == next;
  }

  std::int32_t next = 0, old = 0, hanging = 0;
  std::shared_ptr<const sent> waiting;
  bool has_happened = false;
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_deposed_leader_acknowledges_what_its_successor_commits) {
  int played = 0;
  for (const auto seed : seeds) {
    scenario s{seed};
    deposal d{s};
    if (!d.waiting)
      continue;
    ++played;
    BOOST_REQUIRE(d.has_happened);
    BOOST_TEST(!d.waiting->is_over);
    s.node(d.hanging).resume();
    BOOST_TEST(s.in().run_until([&] { return d.waiting->is_over; }, 2s));
    BOOST_TEST(d.waiting->is_acknowledged());
    const auto found = s.read(d.next);
    BOOST_REQUIRE(found);
    BOOST_TEST(found->at(d.waiting->offset) == "waiting");
    s.end_well();
  }
  BOOST_TEST(played > 0);
}

BOOST_AUTO_TEST_CASE(a_deposed_leader_that_learns_nothing_says_so_within_a_second) {
  int played = 0;
  for (const auto seed : seeds) {
    scenario s{seed};
    deposal d{s};
    if (!d.waiting)
      continue;
    ++played;
    BOOST_REQUIRE(d.has_happened);
    BOOST_TEST(s.in().run_until([&] { return d.waiting->is_over; }, 1500ms));
    BOOST_TEST((d.waiting->code == error_code::not_leader_or_follower));
    s.node(d.hanging).resume();
    s.end_well();
  }
  BOOST_TEST(played > 0);
}
