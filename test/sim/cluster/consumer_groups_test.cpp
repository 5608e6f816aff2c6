// Groups of the consumer protocol (KIP-848) while their coordinator moves: no partition has two readers, nobody is
// thrown out for it, and what was committed stays.
#include "test/sim/cluster/group_steps.hpp"

#include <boost/test/unit_test.hpp>

using namespace troupe;
using namespace troupe::cluster_sim;
using namespace troupe::cluster_sim::group_steps;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t seeds[] = {1, 2, 3};
constexpr auto session = 6s;  // see simulated_cluster.cpp

}  // namespace

// -- who reads ------------------------------------------------------------------------------------------------------

// Each heartbeat makes one batch at most: a second member joins, the first one is asked for partitions, the second one
// waits, the first one gives them up, the second one takes them.
BOOST_AUTO_TEST_CASE(G06_one_reads_a_partition_while_the_coordinator_dies_after_each_step) {
  constexpr int steps_most = 6;
  for (const bool is_heard : {true, false}) {
    for (int dies_after = 1; dies_after <= steps_most; ++dies_after) {
      BOOST_TEST_CONTEXT("after step " << dies_after << (is_heard ? "" : ", whose answer is lost")) {
        scenario s{static_cast<std::uint64_t>(dies_after)};
        place at{s};
        at.find();
        reader a{at, "a"}, b{at, "b"};
        BOOST_TEST(settle({&a}));
        BOOST_TEST(a.owned.size() == all_partitions);
        for (int step = 1; step <= dies_after; ++step) {
          auto& r = step % 2 == 1 ? b : a;
          if (step < dies_after || is_heard) {
            BOOST_TEST((r.beat() == error_code::none));
            continue;
          }
          r.do_as_told();
          r.tells_all = true;
          client by{s.in(), "lost"};
          by.call<heartbeat_response>(s.address_of(at.node), r.request(r.epoch), 1, 1s, [](const auto&) {});
          s.in().run_for(std::chrono::microseconds{500 * (dies_after % 4 + 1)});
        }
        at.move();
        BOOST_TEST(settle({&a, &b}));
        BOOST_TEST(!a.owned.empty());
        BOOST_TEST(!b.owned.empty());
        s.end_well();
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(members_stay_as_they_are_while_their_coordinator_is_bounced_between_nodes) {
  for (const auto seed : seeds) {
    scenario s{seed};
    place at{s};
    at.find();
    reader a{at, "a"}, b{at, "b"};
    BOOST_TEST(settle({&a, &b}));
    const auto owned = a.owned;
    const auto epoch = a.epoch;
    const auto partition = *owned.begin();
    BOOST_TEST((at.commit(a.id, a.epoch, partition, 5) == error_code::none));
    for (std::int64_t next = 6; next <= 8; ++next) {  // A, B, and A or the third
      at.move();
      BOOST_TEST(at.committed(partition) == next - 1);
      BOOST_TEST((a.beat() == error_code::none));
      BOOST_TEST((b.beat() == error_code::none));
      BOOST_TEST((at.commit(a.id, a.epoch, partition, next) == error_code::none));
    }
    BOOST_TEST(a.epoch == epoch);
    BOOST_TEST(a.owned == owned);
    BOOST_TEST(settle({&a, &b}));
    s.end_well();
  }
}

BOOST_AUTO_TEST_CASE(G05_no_offset_of_a_member_goes_back_when_the_coordinator_goes_and_comes_back_while_it_loads) {
  for (const auto seed : seeds) {
    scenario s{seed};
    place at{s};
    at.find();
    reader a{at, "a"};
    BOOST_TEST(settle({&a}));
    BOOST_TEST((at.commit(a.id, a.epoch, 0, 5) == error_code::none));
    const auto first = at.node;
    s.node(first).crash();
    at.find(first);
    const auto second = at.node;
    BOOST_TEST((at.commit(a.id, a.epoch, 0, 7) == error_code::none));
    s.node(first).start();
    BOOST_TEST(s.await_in_sync(second, 3));
    s.in().disturb("journal.load", 2);
    s.node(second).crash();
    at.find(second);
    s.in().run_for(20ms);
    s.node(at.node).crash();  // in the middle of loading, or right after it
    s.node(second).start();
    at.find(at.node);
    BOOST_TEST(at.committed(0) == 7);
    BOOST_TEST((a.beat() == error_code::none));
    BOOST_TEST((at.commit(a.id, a.epoch, 0, 9) == error_code::none));
    for (std::int32_t id = 1; id <= 3; ++id)
      s.node(id).start();
    BOOST_TEST(at.committed(0) == 9);
    s.end_well();
  }
}

// -- who commits ----------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(G06_a_reader_that_was_silent_for_too_long_commits_nothing) {
  for (const auto seed : seeds) {
    scenario s{seed};
    place at{s};
    at.find();
    reader a{at, "a"}, b{at, "b"};
    BOOST_TEST(settle({&a}));
    BOOST_TEST((at.commit(a.id, a.epoch, 0, 5) == error_code::none));
    for (const auto until = s.in().now() + session + 2s; s.in().now() < until; s.in().run_for(500ms))
      BOOST_TEST((b.beat() == error_code::none));
    BOOST_TEST(settle({&b}));
    BOOST_TEST((at.commit(b.id, b.epoch, 0, 9) == error_code::none));
    BOOST_TEST((at.commit(a.id, a.epoch, 0, 6) == error_code::unknown_member_id));
    at.move();
    BOOST_TEST((at.commit(a.id, a.epoch, 0, 6) == error_code::unknown_member_id));
    BOOST_TEST(at.committed(0) == 9);
    BOOST_TEST((a.beat() == error_code::unknown_member_id));
    s.end_well();
  }
}

BOOST_AUTO_TEST_CASE(G06_who_has_not_heard_that_it_gave_a_partition_up_commits_only_what_it_still_has) {
  for (const auto seed : seeds) {
    scenario s{seed};
    place at{s};
    at.find();
    reader a{at, "a"}, b{at, "b"};
    BOOST_TEST(settle({&a}));
    const auto before = a.epoch;
    const auto all = a.owned;
    BOOST_TEST(settle({&a, &b}));
    const auto lost = *b.owned.begin(), kept = *a.owned.begin();
    BOOST_TEST((at.commit(b.id, b.epoch, lost, 9) == error_code::none));
    for (int i = 0; i < 2; ++i) {
      BOOST_TEST((at.commit(a.id, before, lost, 6) == error_code::stale_member_epoch));
      BOOST_TEST((at.commit(a.id, before, kept, 6 + i) == error_code::none));
      BOOST_TEST(at.committed(lost) == 9);
      BOOST_TEST(at.committed(kept) == 6 + i);
      if (i == 0)
        at.move();
    }
    s.end_well();
  }
}

BOOST_AUTO_TEST_CASE(G06_a_reader_at_a_coordinator_that_is_cut_off_commits_nothing) {
  for (const auto seed : seeds) {
    scenario s{seed};
    place at{s};
    at.find();
    reader a{at, "a"};
    BOOST_TEST(settle({&a}));
    BOOST_TEST((at.commit(a.id, a.epoch, 0, 5) == error_code::none));
    const auto old = at.node;
    s.cut_from_nodes(old);
    place next{s};
    next.find(old);
    reader b{next, "b"};
    for (const auto until = s.in().now() + session + 2s; s.in().now() < until; s.in().run_for(500ms)) {
      // The former coordinator may go on answering, and knows of nobody else.
      s.ask<heartbeat_response>(s.address_of(old), a.request(a.epoch), 1);
      BOOST_TEST((b.beat() == error_code::none));
    }
    BOOST_TEST(settle({&b}));
    BOOST_TEST((next.commit(b.id, b.epoch, 0, 9) == error_code::none));
    BOOST_TEST(commit_at(s, old, a.id, a.epoch, 0, 6) != 0);
    s.heal_to_nodes(old);
    BOOST_TEST(s.await_in_sync(next.node, 3));
    next.find();
    BOOST_TEST((next.commit(a.id, a.epoch, 0, 6) == error_code::unknown_member_id));
    BOOST_TEST(next.committed(0) == 9);
    s.end_well();
  }
}

// -- static members and migration -----------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_static_member_has_its_place_back_when_the_coordinator_has_moved_meanwhile) {
  for (const auto seed : seeds) {
    scenario s{seed};
    place at{s};
    at.find();
    reader a{at, "a", "one"}, b{at, "b"};
    BOOST_TEST(settle({&a, &b}));
    const auto epoch = at.describe().group_epoch;
    BOOST_TEST((a.leave(-2) == error_code::none));
    at.move();
    BOOST_TEST((b.beat() == error_code::none));
    BOOST_TEST(b.owned == b.wanted);
    reader again{at, "a2", "one"};
    BOOST_TEST((again.beat() == error_code::none));
    BOOST_TEST(again.wanted == a.owned);
    at.move();
    BOOST_TEST(settle({&again, &b}));
    BOOST_TEST(again.owned == a.owned);
    BOOST_TEST(at.describe().group_epoch == epoch);
    BOOST_TEST((a.beat() == error_code::fenced_instance_id));
    BOOST_TEST((at.commit(a.id, a.epoch, *a.owned.begin(), 6) == error_code::unknown_member_id));
    s.end_well();
  }
}

BOOST_AUTO_TEST_CASE(a_group_changes_its_protocol_and_back_while_its_coordinators_die) {
  for (const auto seed : seeds) {
    scenario s{seed, {"group.initial.rebalance.delay.ms=0"}};
    place at{s};
    at.find();
    classic_reader old{at};
    old.join();
    BOOST_TEST(old.owned.size() == all_partitions);
    BOOST_TEST((at.commit(old.id, old.generation, 0, 5) == error_code::none));
    at.move();

    reader young{at, "young"};
    BOOST_TEST((young.beat() == error_code::none));  // the group becomes a consumer group
    at.move();
    BOOST_TEST(at.describe().members.size() == 2u);
    for (int i = 0; i < 10; ++i) {
      BOOST_TEST(old.live());
      BOOST_TEST((young.beat() == error_code::none));
      BOOST_TEST(without(old.owned, young.owned).size() == old.owned.size());
      s.in().run_for(50ms);
    }
    BOOST_TEST(old.owned.size() + young.owned.size() == all_partitions);
    BOOST_TEST(!young.owned.empty());
    BOOST_TEST(at.describe().group_state == "Stable");
    BOOST_TEST(at.committed(0) == 5);
    const bool is_olds = old.owned.contains(0);
    BOOST_TEST((at.commit(is_olds ? old.id : young.id, is_olds ? old.generation : young.epoch, 0, 7)
                == error_code::none));
    at.move();

    BOOST_TEST((young.leave() == error_code::none));  // the group becomes a classic group
    at.move();
    BOOST_TEST(at.describe().error_code == kafka::code_of(error_code::group_id_not_found));
    for (int i = 0; i < 5 && old.owned.size() < all_partitions; ++i) {
      BOOST_TEST(old.live());
      s.in().run_for(50ms);
    }
    BOOST_TEST(old.owned.size() == all_partitions);
    BOOST_TEST((at.commit(young.id, young.epoch, 0, 8) == error_code::unknown_member_id));
    BOOST_TEST(at.committed(0) == 7);
    BOOST_TEST((at.commit(old.id, old.generation, 0, 9) == error_code::none));
    s.end_well();
  }
}
