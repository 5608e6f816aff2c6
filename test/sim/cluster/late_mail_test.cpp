// Messages that outlive the epoch, the process or the connection in which they were sent. Each test also finds the
// planted bug of its name (tools/sim/mutants.cpp). With TROUPE_TRACE in the environment, every event is printed.
#include "actors/partition.hpp"
#include "runtime/metadata/image.hpp"
#include "runtime/node/context.hpp"
#include "test/sim/cluster/overheard.hpp"
#include "test/sim/cluster/scenario.hpp"

#include "schema/kafka/create_topics.hpp"

#include <boost/test/unit_test.hpp>

using namespace troupe;
using namespace troupe::cluster_sim;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t seeds[] = {1, 2, 3};

auto for_partition_0() {
  return [](const caf::actor&, const replica_slice& m) { return m.id.index == partition_index{0}; };
}

auto from(scenario& s, std::int32_t leader, std::int32_t follower) {
  return [to = s.leader_actor(leader), follower](const caf::actor& at, const follower_position& m) {
    return at == to && m.follower == node_id{follower};
  };
}

/// Waits until another node than its leader is the active controller, by ending the leader if need be; who leads then.
std::int32_t leader_beside_the_controller(scenario& s) {
  for (int attempt = 0; attempt < 8; ++attempt) {
    const auto leader = s.await_leader(1);
    if (s.running().at(s.name_of(leader))->controller != leader)
      return leader;
    s.node(leader).crash();
    s.await_leader(s.other_than(leader), {leader});
    s.node(leader).start();
    BOOST_REQUIRE(s.await_in_sync(leader, 3));
  }
  BOOST_FAIL("the leader is always the active controller");
  return 0;
}

}  // namespace

BOOST_AUTO_TEST_CASE(R20_M03_a_slice_of_an_earlier_epoch_that_comes_late_cuts_nothing_off) {
  for (const auto seed : seeds) {
    scenario s{seed};
    const auto before = s.await_leader(1);
    s.append(1, "first");
    s.node(before).crash();
    const auto leader = s.await_leader(s.other_than(before), {before});
    const auto follower = s.third(before, leader);
    s.node(before).start();
    const overheard<replica_slice> slices{s.node(follower), for_partition_0()};
    const auto kept = s.append(leader, "kept");
    s.in().run_for(500ms);
    BOOST_REQUIRE(slices.last());
    BOOST_REQUIRE(s.log_of(follower, 0).log_end() == offset{kept + 1});
    s.cut_from_nodes(follower);
    // What the leader before may have said when it had not got "first" yet.
    auto late = *slices.last();
    late.epoch = leader_epoch{late.epoch.value - 1};
    late.records = {};
    late.diverging = log::epoch_end{late.epoch, offset{0}};
    slices.deliver(late);
    s.in().run_for(200ms);
    BOOST_TEST(s.log_of(follower, 0).log_end().value == kept + 1);
    s.heal_to_nodes(follower);
    s.end_well();
  }
}

BOOST_AUTO_TEST_CASE(R06_M04_what_a_follower_has_that_its_leader_has_not_counts_for_nothing) {
  for (const auto seed : seeds) {
    scenario s{seed};
    const auto leader = s.await_leader(1);
    const auto follower = s.other_than(leader);
    const overheard<follower_position> positions{s.node(leader), from(s, leader, follower)};
    s.append(1, "committed");
    s.in().run_for(500ms);
    BOOST_REQUIRE(positions.last());
    s.cut_from_nodes(follower);
    const auto hanging = s.begin_send(leader, "not at the follower", -1, 20s);
    s.in().run_for(100ms);
    // A longer log, whose end was written under another leader.
    auto said = *positions.last();
    said.log_end = said.durable_end = said.log_end + 5;
    said.last_epoch = leader_epoch{said.last_epoch.value - 1};
    positions.deliver(said);
    s.in().run_for(100ms);
    s.begin_send(leader, "another look at who has what", 1);
    s.in().run_for(100ms);
    BOOST_TEST(!hanging->is_acknowledged());
    s.heal_to_nodes(follower);
    s.end_well();
  }
}

BOOST_AUTO_TEST_CASE(a_refusal_of_what_was_said_in_an_earlier_epoch_leaves_nobody_behind) {
  for (const auto seed : seeds) {
    scenario s{seed};
    const auto leader = s.await_leader(1);
    const auto follower = s.other_than(leader);
    const overheard<follower_position> positions{s.node(leader), from(s, leader, follower)};
    s.append(1, "committed");
    s.in().run_for(500ms);
    BOOST_REQUIRE(positions.last());
    // The follower waits for records. What it had said before it heard of this epoch is answered last.
    const auto& said = *positions.last();
    const auto topic = s.running().at(s.name_of(leader))->view.get()->image->find_topic(scenario::topic);
    const partition_id id{topic->id, partition_index{0}};
    replica_slice refusal{id, said.follower, said.epoch, {}, offset{0}, offset{0}, {}};
    refusal.refusal = schema::ReplicaSlice::Refusal::FENCED_EPOCH;
    caf::anon_send(said.feeder, refusal);
    s.in().run_for(50ms);
    // The next record gets lost with the link.
    s.cut_from_nodes(follower);
    s.begin_send(leader, "lost on the way", 1);
    s.in().run_for(50ms);
    s.in().net().reset_connections(s.name_of(leader), s.name_of(follower));
    s.heal_to_nodes(follower);
    const auto end = s.log_of(leader, 0).log_end();
    for (int i = 0; i < 50 && s.log_of(follower, 0).log_end() < end; ++i)
      s.in().run_for(100ms);
    BOOST_TEST((s.log_of(follower, 0).log_end() == end));
    s.end_well();
  }
}

BOOST_AUTO_TEST_CASE(R10_M09_what_a_process_said_that_is_gone_does_not_bring_an_empty_disk_into_sync) {
  for (const auto seed : seeds) {
    scenario s{seed};
    const auto leader = leader_beside_the_controller(s);
    const auto controller = s.running().at(s.name_of(leader))->controller.load();
    const auto wiped = s.third(leader, controller);
    const overheard<follower_position> positions{s.node(leader), from(s, leader, wiped)};
    const auto kept = s.append(leader, "kept");
    s.in().run_for(500ms);
    BOOST_REQUIRE(positions.last());
    s.node(wiped).wipe();
    BOOST_REQUIRE(s.await_in_sync(leader, 2));
    // It registers with the controller, and does not reach the leader.
    s.in().net().cut_both(s.name_of(leader), s.name_of(wiped));
    s.node(wiped).start();
    s.in().run_for(5s);
    positions.deliver(*positions.last());
    s.in().run_for(5s);
    BOOST_TEST(s.await_in_sync(leader, 2));
    BOOST_TEST(s.log_of(wiped, 0).log_end().value == 0);
    s.in().net().heal_both(s.name_of(leader), s.name_of(wiped));
    BOOST_TEST(s.await_in_sync(leader, 3));
    BOOST_TEST(s.log_of(wiped, 0).log_end().value > kept);
    s.end_well();
  }
}

BOOST_AUTO_TEST_CASE(M36_an_answer_of_the_controller_that_overtakes_another_reaches_whom_it_is_for) {
  for (const auto seed : seeds) {
    // Heartbeats are answered at once, over the link on which new topics wait until they are committed.
    scenario s{seed, {"broker.heartbeat.interval.ms=2"}};
    const auto controller = s.running().at("n1")->controller.load();
    for (int i = 0; i < 50; ++i) {
      kafka::create_topics_request r;
      auto& topic = r.topics.emplace_back();
      topic.name = "new-" + std::to_string(i);
      topic.num_partitions = 1;
      topic.replication_factor = 3;
      const auto made = s.ask<kafka::create_topics_response>(s.address_of(s.other_than(controller)), r, 7);
      BOOST_REQUIRE(made);
      BOOST_TEST(made->topics.at(0).name == topic.name);
      BOOST_TEST(made->topics.at(0).error_code == 0);
      s.in().run_for(std::chrono::microseconds{100 * i});
    }
    s.end_well();
  }
}
