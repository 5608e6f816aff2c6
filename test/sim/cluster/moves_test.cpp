// Epochs that a replica missed, replicas that move while something else is under way; the ids are those of the
// catalogue of bugs. With TROUPE_TRACE in the environment, every event is printed.
#include "runtime/node/context.hpp"
#include "test/sim/cluster/scenario.hpp"

#include "schema/kafka/create_topics.hpp"
#include "schema/kafka/delete_records.hpp"
#include "schema/kafka/metadata.hpp"

#include <boost/test/unit_test.hpp>

using namespace troupe;
using namespace troupe::cluster_sim;
using namespace std::chrono_literals;
using kafka::error_code;

namespace {

constexpr std::uint64_t seeds[] = {1, 2, 3};

std::int32_t controller_known_to(scenario& s, std::int32_t id) {
  return s.running().at(s.name_of(id))->controller;
}

bool is_known(scenario& s, std::int32_t asked, const std::string& name) {
  kafka::metadata_request r;
  r.topics.emplace().emplace_back().name = name;
  r.allow_auto_topic_creation = false;
  const auto told = s.ask<kafka::metadata_response>(s.address_of(asked), r, 9);
  return told && !told->topics.empty() && told->topics[0].error_code == 0;
}

void delete_before(scenario& s, std::int32_t leader, std::int64_t before) {
  kafka::delete_records_request r;
  auto& topic = r.topics.emplace_back();
  topic.name = scenario::topic;
  topic.partitions.push_back({0, before});
  r.timeout_ms = 3'000;
  const auto told = s.ask<kafka::delete_records_response>(s.address_of(leader), r, 2);
  BOOST_REQUIRE((told && told->topics.at(0).partitions.at(0).error_code == 0));
}

}  // namespace

BOOST_AUTO_TEST_CASE(R05_a_follower_that_missed_the_epochs_between_two_of_one_leader_cuts_what_is_gone) {
  for (const auto seed : seeds) {
    scenario s{seed, {"broker.session.timeout.ms=1500", "broker.heartbeat.interval.ms=300"}};
    const auto leader = s.await_leader(1);
    const auto other = s.other_than(leader), late = s.third(leader, other);
    const auto committed = s.append(leader, "committed");
    s.in().run_for(200ms);
    // Only `late` gets this, and sleeps; then the leader forgets it under another one.
    s.in().net().cut_both(s.name_of(leader), s.name_of(other));
    BOOST_REQUIRE(s.send(leader, "forgotten", 1).is_acknowledged());
    s.in().run_for(20ms);
    BOOST_REQUIRE(s.log_of(late, 0).log_end().value == committed + 2);
    s.node(late).pause();
    s.node(leader).crash();
    s.in().net().heal_both(s.name_of(leader), s.name_of(other));
    s.node(leader).start();
    BOOST_REQUIRE(s.await_leader(other, {leader, late}) == other);
    const auto second = s.append(other, "under the other");
    BOOST_TEST(second > committed);
    BOOST_REQUIRE(s.await_in_sync(other, 2));
    BOOST_REQUIRE(s.let_lead(leader, other));
    const auto third = s.append(other, "under the first again");
    s.node(late).resume();
    BOOST_REQUIRE(s.await_in_sync(leader, 3));
    s.node(leader).crash();
    BOOST_REQUIRE(s.await_leader(other, {leader}) > 0);
    const auto found = s.read(s.await_leader(other, {leader}));
    BOOST_TEST(holds(found, second, "under the other"));
    BOOST_TEST(holds(found, third, "under the first again"));
    s.node(leader).start();
    s.end_well();
  }
}

BOOST_AUTO_TEST_CASE(R07_a_replica_whose_whole_log_was_deleted_meanwhile_begins_anew_and_can_lead) {
  for (const auto seed : seeds) {
    scenario s{seed};
    const auto leader = s.await_leader(1);
    const auto late = s.other_than(leader);
    s.append(leader, "first");
    s.node(late).crash();
    std::int64_t last = 0;
    for (int i = 0; i < 5; ++i)
      last = s.append(leader, "record " + std::to_string(i));
    delete_before(s, leader, last);
    s.node(late).start();
    BOOST_REQUIRE(s.await_in_sync(leader, 3));
    BOOST_REQUIRE(s.let_lead(late, leader));
    const auto next = s.append(leader, "under the late one");
    BOOST_TEST(next == last + 1);
    const auto ends = s.ask_ends(10s);
    BOOST_TEST((ends && ends->at(0).value == next + 1));
    s.end_well();
  }
}

BOOST_AUTO_TEST_CASE(a_replica_begins_anew_where_deleted_records_end_inside_a_batch) {
  for (const auto seed : seeds) {
    scenario s{seed};
    const auto leader = s.await_leader(1);
    s.append(leader, "first");
    const auto base = s.append_batch(leader, {"a", "b", "c", "d"});
    BOOST_REQUIRE(base > 0);
    delete_before(s, leader, base + 2);
    const auto late = s.other_than(leader);
    s.node(late).crash();
    BOOST_REQUIRE(s.await_in_sync(leader, 2));
    s.node(late).wipe();
    s.node(late).start();
    BOOST_REQUIRE(s.await_in_sync(leader, 3));
    BOOST_REQUIRE(s.let_lead(late, leader));
    const auto next = s.append(leader, "under the late one");
    BOOST_TEST(next == base + 4);
    BOOST_TEST(!s.read(late, base));  // its log starts where the leader's did
    const auto found = s.read(late, base + 2);
    BOOST_TEST(holds(found, base + 2, "c"));
    BOOST_TEST(holds(found, base + 3, "d"));
    BOOST_TEST(holds(found, next, "under the late one"));
    s.end_well();
  }
}

BOOST_AUTO_TEST_CASE(R11_a_node_that_is_fenced_is_not_in_sync_however_well_it_follows) {
  for (const auto seed : seeds) {
    scenario s{seed, {"broker.session.timeout.ms=1500", "broker.heartbeat.interval.ms=300"}};
    for (int attempt = 0; controller_known_to(s, 1) == s.await_leader(1) && attempt < 8; ++attempt)
      BOOST_REQUIRE(s.let_lead(s.other_than(s.await_leader(1)), 1));
    const auto leader = s.await_leader(1), controller = controller_known_to(s, leader);
    BOOST_REQUIRE(leader != controller);
    const auto fenced = s.third(leader, controller);
    s.in().net().cut_both(s.name_of(fenced), s.name_of(controller));
    BOOST_REQUIRE(s.await_in_sync(leader, 2));
    std::int64_t last = 0;
    for (int i = 0; i < 20; ++i) {
      last = s.append(leader, "record " + std::to_string(i));
      s.in().run_for(250ms);
      BOOST_TEST(s.await_in_sync(leader, 2));
    }
    BOOST_TEST(s.log_of(fenced, 0).log_end().value == last + 1);
    s.in().net().heal_both(s.name_of(fenced), s.name_of(controller));
    BOOST_TEST(s.await_in_sync(leader, 3));
    s.end_well();
  }
}

BOOST_AUTO_TEST_CASE(R18_a_replica_that_is_moved_away_while_it_cuts_its_log_does_no_harm) {
  for (const auto seed : seeds) {
    scenario s{seed};
    const auto old = s.await_leader(1);
    const auto committed = s.append(old, "committed");
    s.in().run_for(200ms);
    s.cut_from_nodes(old);
    for (int i = 0; i < 3; ++i)
      BOOST_TEST(s.send(old, "tail " + std::to_string(i), 1).is_acknowledged());
    s.node(old).crash();
    s.heal_to_nodes(old);
    const auto leader = s.await_leader(s.other_than(old), {old});
    const auto later = s.append(leader, "later");
    BOOST_TEST(later > committed);
    s.node(old).slow_down({1'000'000, 300ms});
    const auto cuts = [&s] {
      const auto& all = s.in().probes();
      const auto found = all.find("follower cuts its log");
      return found == all.end() ? std::uint64_t{0} : found->second;
    };
    const auto before = cuts();
    s.node(old).start();
    BOOST_REQUIRE(s.in().run_until([&] { return cuts() > before; }, 30s));
    BOOST_TEST(s.reassign(leader, std::vector{leader, s.third(leader, old)}) == 0);
    s.in().run_for(5s);
    BOOST_TEST(s.node(old).is_running());
    s.node(old).slow_down({});
    BOOST_TEST(s.append(leader, "still later") > later);
    BOOST_TEST(s.reassign(leader, std::vector{leader, s.third(leader, old), old}) == 0);
    s.end_well();
  }
}

BOOST_AUTO_TEST_CASE(C12_a_node_that_hears_nothing_of_the_controller_for_long_catches_up_at_once) {
  for (const auto seed : seeds) {
    scenario s{seed};
    const auto controller = controller_known_to(s, 1);
    const auto late = s.other_than(controller), third = s.third(controller, late);
    s.in().net().cut_both(s.name_of(late), s.name_of(controller));
    s.in().net().cut_both(s.name_of(late), s.name_of(third));
    kafka::create_topics_request r;
    auto& made = r.topics.emplace_back();
    made.name = "meanwhile";
    made.num_partitions = 1;
    made.replication_factor = 2;
    s.in().run_for(10s);
    const auto told = s.ask<kafka::create_topics_response>(s.address_of(controller), r, 7);
    BOOST_REQUIRE((told && told->topics.at(0).error_code == 0));
    s.in().run_for(20s);
    BOOST_TEST(!is_known(s, late, "meanwhile"));
    s.heal_to_nodes(late);
    BOOST_TEST(s.in().run_until([&] { return s.running().at(s.name_of(late))->controller.load() > 0; }, 10s));
    BOOST_REQUIRE(s.settle(30s));
    BOOST_TEST(is_known(s, late, "meanwhile"));
    BOOST_TEST(s.append(late, "later") >= 0);
    s.end_well();
  }
}

BOOST_AUTO_TEST_CASE(records_that_were_deleted_do_not_come_back_with_the_next_leader) {
  for (const auto seed : seeds) {
    scenario s{seed};
    const auto leader = s.await_leader(1);
    for (int i = 0; i < 5; ++i)
      s.append(leader, "record " + std::to_string(i));
    s.in().run_for(1s);  // nobody writes any more
    delete_before(s, leader, 3);
    s.node(leader).crash();
    const auto next = s.await_leader(s.other_than(leader), {leader});
    BOOST_REQUIRE(next > 0);
    BOOST_TEST(!s.read(next, 2).has_value());
    BOOST_TEST(holds(s.read(next, 3), 3, "record 3"));
    s.node(leader).start();
    s.end_well();
  }
}
