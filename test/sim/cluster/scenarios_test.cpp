// Failures that other systems have had, played through with real nodes; the ids are those of the catalogue of bugs.
// With TROUPE_TRACE in the environment, every event is printed.
#include "runtime/node/context.hpp"
#include "test/sim/cluster/scenario.hpp"

#include "schema/kafka/produce.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace troupe;
using namespace troupe::cluster_sim;
using namespace std::chrono_literals;
using kafka::error_code;

namespace {

constexpr std::uint64_t seeds[] = {1, 2, 3};

bool holds_anywhere(const std::map<std::int64_t, std::string>& log, const std::string& value) {
  return std::any_of(log.begin(), log.end(), [&](const auto& r) { return r.second == value; });
}

}  // namespace

BOOST_AUTO_TEST_CASE(R01_a_follower_that_starts_anew_before_it_knows_what_is_committed_keeps_it) {
  for (const auto seed : seeds) {
    scenario s{seed};
    const auto leader = s.await_leader(1);
    const auto follower = s.other_than(leader);
    const auto sent = s.send(leader, "committed", -1);
    BOOST_REQUIRE(sent.is_acknowledged());
    s.node(follower).power_loss({sim::power_loss_mode::weakest, seed});
    s.node(follower).start();
    BOOST_TEST(s.await_in_sync(leader, 3));
    s.node(leader).crash();
    const auto next = s.await_leader(s.third(leader, follower), {leader});
    BOOST_TEST(s.append(next, "later") > sent.offset);
    BOOST_TEST(holds(s.read(s.await_leader(next)), sent.offset, "committed"));
    s.node(leader).start();
    s.end_well();
  }
}

BOOST_AUTO_TEST_CASE(R02_replicas_that_lost_their_tails_together_become_equal_again) {
  for (const auto seed : seeds) {
    scenario s{seed};
    const auto leader = s.await_leader(1);
    const auto kept = s.append(1, "kept");
    for (int i = 0; i < 5; ++i)
      s.begin_send(leader, "tail " + std::to_string(i), 1);
    s.in().run_for(1ms);
    for (const auto id : {leader, s.other_than(leader)})
      s.node(id).power_loss({sim::power_loss_mode::weakest, seed});
    s.in().run_for(1s);
    for (const auto id : {leader, s.other_than(leader)})
      s.node(id).start();
    const auto later = s.append(s.third(leader, s.other_than(leader)), "later");
    BOOST_TEST(later > kept);
    BOOST_TEST(holds(s.read(s.await_leader(1)), kept, "kept"));
    s.end_well();
  }
}

BOOST_AUTO_TEST_CASE(R03_three_quick_elections_with_writes_between_leave_equal_logs) {
  for (const auto seed : seeds) {
    scenario s{seed};
    std::map<std::int64_t, std::string> acknowledged;
    auto leader = s.await_leader(1);
    for (int i = 0; i < 3; ++i) {
      const auto value = "round " + std::to_string(i);
      acknowledged[s.append(leader, value)] = value;
      s.begin_send(leader, "unanswered " + std::to_string(i), 1);
      s.in().run_for(200us);
      s.node(leader).crash();
      const auto next = s.await_leader(s.other_than(leader), {leader});
      s.node(leader).start();
      leader = next;
    }
    BOOST_TEST(s.append(leader, "last") > 0);
    const auto found = s.read(s.await_leader(leader));
    for (const auto& [at, value] : acknowledged)
      BOOST_TEST(holds(found, at, value));
    s.end_well();
  }
}

BOOST_AUTO_TEST_CASE(R04_R06_a_leader_that_is_cut_off_from_the_controllers_neither_acknowledges_nor_shows_more) {
  for (const auto seed : seeds) {
    scenario s{seed};
    const auto old = s.await_leader(1);
    const auto committed = s.append(1, "committed");
    s.cut_from_nodes(old);
    BOOST_TEST(s.send(old, "leader only", 1).is_acknowledged());
    const auto hanging = s.begin_send(old, "all replicas", -1, 20s);
    const auto next = s.await_leader(s.other_than(old), {old});
    BOOST_REQUIRE(next > 0);
    const auto later = s.append(next, "under the new leader");
    BOOST_TEST(later > committed);
    if (const auto shown = s.read(old)) {
      BOOST_TEST(!holds_anywhere(*shown, "all replicas"));
      BOOST_TEST(!holds_anywhere(*shown, "leader only"));
    }
    BOOST_TEST(!hanging->is_acknowledged());
    s.heal_to_nodes(old);
    BOOST_TEST(s.await_in_sync(next, 3));
    BOOST_TEST(s.in().run_until([&] { return hanging->is_over; }, 2s));
    BOOST_TEST((hanging->code == error_code::not_leader_or_follower));
    BOOST_TEST((s.send(old, "to the old leader", -1).code == error_code::not_leader_or_follower));
    const auto found = s.read(next);
    BOOST_TEST(holds(found, committed, "committed"));
    BOOST_TEST(holds(found, later, "under the new leader"));
    s.end_well();
  }
}

BOOST_AUTO_TEST_CASE(R08_a_write_that_waits_for_a_dead_follower_is_acknowledged_when_that_leaves_the_in_sync_replicas) {
  for (const auto seed : seeds) {
    scenario s{seed};
    const auto leader = s.await_leader(1);
    s.node(s.other_than(leader)).power_loss({sim::power_loss_mode::weakest, seed});
    const auto begun = s.in().now();
    const auto waiting = s.begin_send(leader, "waiting", -1, 30s);
    BOOST_TEST(s.in().run_until([&] { return waiting->is_over; }, 30s));
    BOOST_TEST(waiting->is_acknowledged());
    BOOST_TEST((s.in().now() - begun < 12s));
    s.node(s.other_than(leader)).start();
    s.end_well();
  }
}

BOOST_AUTO_TEST_CASE(R09_below_min_insync_replicas_nothing_more_counts_as_committed) {
  for (const auto seed : seeds) {
    scenario s{seed, {"min.insync.replicas=3"}};
    const auto leader = s.await_leader(1);
    const auto committed = s.append(1, "committed");
    const auto follower = s.other_than(leader);
    s.node(follower).crash();
    BOOST_REQUIRE(s.await_in_sync(leader, 2));
    BOOST_TEST((s.send(leader, "refused", -1).code == error_code::not_enough_replicas));
    const auto alone = s.send(leader, "leader only", 1);
    BOOST_TEST(alone.is_acknowledged());
    s.in().run_for(5s);
    auto found = s.read(leader);
    BOOST_TEST(holds(found, committed, "committed"));
    BOOST_TEST((found && !found->contains(alone.offset)));
    s.node(follower).start();
    BOOST_TEST(s.await_in_sync(leader, 3));
    s.in().run_for(1s);
    BOOST_TEST(holds(s.read(leader), alone.offset, "leader only"));
    s.end_well();
  }
}

BOOST_AUTO_TEST_CASE(R16_an_isolated_leader_cannot_make_itself_the_only_in_sync_replica) {
  for (const auto seed : seeds) {
    scenario s{seed, {"replica.lag.time.max.ms=1000"}};
    const auto old = s.await_leader(1);
    const auto committed = s.append(1, "committed");
    s.cut_from_nodes(old);
    const auto hanging = s.begin_send(old, "all replicas", -1, 15s);
    s.in().run_for(10s);
    BOOST_TEST(!hanging->is_acknowledged());
    s.node(old).crash();
    const auto next = s.await_leader(s.other_than(old), {old});
    BOOST_TEST(s.append(next, "later") > committed);
    BOOST_TEST(holds(s.read(next), committed, "committed"));
    s.heal_to_nodes(old);
    s.node(old).start();
    s.end_well();
  }
}

BOOST_AUTO_TEST_CASE(a_replica_that_was_cut_since_it_started_serves_readers_though_nothing_is_written) {
  for (const auto seed : seeds) {
    scenario s{seed};
    const auto old = s.await_leader(1);
    const auto committed = s.append(1, "committed");
    s.cut_from_nodes(old);
    for (const auto* value : {"lost", "lost, too"})
      BOOST_TEST(s.send(old, value, 1).is_acknowledged());
    const auto next = s.await_leader(s.other_than(old), {old});
    s.node(old).crash();
    s.heal_to_nodes(old);
    s.node(old).start();
    BOOST_REQUIRE(s.await_in_sync(next, 3));
    BOOST_REQUIRE(s.let_lead(old, next));
    BOOST_TEST(holds(s.read(old), committed, "committed"));
    s.end_well();
  }
}

BOOST_AUTO_TEST_CASE(nodes_that_all_stop_at_once_do_not_wait_long_for_a_quorum_that_is_gone) {
  for (const auto seed : seeds) {
    scenario s{seed};
    s.append(1, "committed");
    const auto before = s.in().now();
    BOOST_TEST(s.stop_all().empty());
    const auto took = s.in().now() - before;
    BOOST_TEST((took < 6s), "seed " << seed << " took " << took.count() / 1'000'000 << " ms");
  }
}

BOOST_AUTO_TEST_CASE(the_last_node_stops_though_nobody_is_left_to_ask) {
  for (const auto seed : seeds) {
    scenario s{seed};
    s.node(2).crash();
    s.node(3).crash();
    s.in().run_for(5s);
    const auto before = s.in().now();
    BOOST_TEST(s.stop_all().empty());
    BOOST_TEST((s.in().now() - before < 4s));
  }
}

BOOST_AUTO_TEST_CASE(R15_M11_a_replica_that_lost_its_disk_is_not_eligible_any_more) {
  for (const auto seed : seeds) {
    // One voter, so that both replicas can be away.
    scenario s{seed, {"controller.quorum.auto.join.enable=false"}};
    BOOST_TEST(s.reassign(1, std::vector{2, 3}) == 0);
    BOOST_REQUIRE(s.await_in_sync(1, 2));
    const auto kept = s.append(1, "kept");
    s.node(3).crash();
    BOOST_REQUIRE(s.await_in_sync(1, 1));
    s.node(2).crash();
    BOOST_REQUIRE(s.await_in_sync(1, 0));
    s.node(3).wipe();
    s.node(3).start();
    s.in().run_for(10s);
    BOOST_TEST(s.leader_of(0, 1) == 0);
    s.node(2).start();
    BOOST_TEST(s.await_leader(1) == 2);
    BOOST_TEST(s.append(1, "later") > kept);
    BOOST_TEST(holds(s.read(2), kept, "kept"));
    BOOST_TEST(s.reassign(1, std::vector{2, 3, 1}) == 0);
    s.end_well();
  }
}

BOOST_AUTO_TEST_CASE(whoever_asks_right_after_a_leader_died_is_told_the_next_one) {
  for (const auto seed : seeds) {
    scenario s{seed};
    const auto leader = s.await_leader(1);
    s.node(leader).crash();
    s.in().run_for(5ms);  // the links have broken, nobody is elected
    const auto asked = s.in().now();
    const auto told = s.ask_metadata(s.other_than(leader));
    BOOST_REQUIRE(told.has_value());
    for (const auto& p : told->topics.at(0).partitions)
      BOOST_TEST((p.leader_id > 0 && p.leader_id != leader));
    BOOST_TEST((s.in().now() - asked < 1s));
    s.node(leader).start();
    s.end_well();
  }
}

BOOST_AUTO_TEST_CASE(a_produce_request_without_topics_is_answered_also_while_its_node_leaves) {
  for (const bool leaves : {false, true}) {
    scenario s{1};
    s.running().at("n1")->leaving = leaves;
    kafka::produce_request r;
    r.acks = -1;
    const auto told = s.ask<kafka::produce_response>(s.address_of(1), r, 7);
    BOOST_REQUIRE(told);
    BOOST_TEST(told->responses.empty());
    s.end_well();
  }
}
