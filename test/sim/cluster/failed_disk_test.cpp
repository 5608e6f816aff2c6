// A disk that fails under a leader, while the rest of its node is well.
#include "test/sim/cluster/scenario.hpp"

#include <boost/test/unit_test.hpp>

using namespace troupe;
using namespace troupe::cluster_sim;
using namespace std::chrono_literals;
using kafka::error_code;

namespace {

constexpr std::uint64_t seeds[] = {1, 2, 3};

void fail_next(scenario& s, std::int32_t id, sim::fault_kind how) {
  s.node(id).storage().add_fault({how, s.node(id).storage().ops(), 0, "/lines-0/"});
}

}  // namespace

BOOST_AUTO_TEST_CASE(D18_a_leader_whose_disk_fails_gives_up_its_lead_and_nothing_acknowledged_is_lost) {
  for (const auto how : {sim::fault_kind::sync_error, sim::fault_kind::write_error})
    for (const auto seed : seeds) {
      scenario s{seed};
      const auto old = s.await_leader(1);
      const auto first = s.append(1, "before");
      fail_next(s, old, how);
      const auto refused = s.send(old, "while it fails", -1);
      BOOST_TEST(!refused.is_acknowledged());
      const auto next = s.await_leader(s.other_than(old), {old});
      BOOST_REQUIRE(next > 0);
      const auto second = s.append(next, "after");
      BOOST_TEST(second > first);
      // The other partitions of the node are on good disks: it stays a member of the cluster.
      BOOST_TEST(s.node(old).is_running());
      s.node(old).crash();
      s.node(old).start();
      BOOST_TEST(s.await_in_sync(next, 3));
      const auto found = s.read(next);
      BOOST_REQUIRE(found);
      BOOST_TEST(found->at(first) == "before");
      BOOST_TEST(found->at(second) == "after");
      s.end_well(false);
    }
}

BOOST_AUTO_TEST_CASE(D18_a_leader_whose_disk_fails_serves_readers_on_while_nobody_else_can_lead) {
  scenario s{1, {"min.insync.replicas=1"}};
  const auto leader = s.await_leader(1);
  const auto kept = s.append(1, "kept");
  for (const auto id : {s.other_than(leader), s.third(leader, s.other_than(leader))}) {
    s.node(id).crash();
    s.in().run_for(2s);
  }
  fail_next(s, leader, sim::fault_kind::sync_error);
  BOOST_TEST(!s.send(leader, "lost", -1).is_acknowledged());
  s.in().run_for(3s);
  const auto found = s.read(leader);
  BOOST_REQUIRE(found);
  BOOST_TEST(found->at(kept) == "kept");
}
