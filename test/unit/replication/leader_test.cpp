#include "runtime/replication/leader.hpp"
#include "runtime/replication/parked.hpp"

#include <boost/test/unit_test.hpp>

using namespace troupe;
using replication::commit_rule;

namespace {

const node_id me{1}, other{2};

replication::leader leading(commit_rule rule, std::size_t min_in_sync = 1) {
  replication::leader l{me, leader_epoch{3}, offset{0}};
  l.set_rule(rule, min_in_sync);
  return l;
}

}  // namespace

BOOST_AUTO_TEST_CASE(in_durable_mode_the_high_watermark_follows_the_durable_end) {
  auto l = leading(commit_rule::durable);
  BOOST_TEST(!l.report(me, offset{10}, offset{0}));
  BOOST_TEST(l.report(me, offset{10}, offset{7}));
  BOOST_TEST(l.high_watermark().value == 7);
}

BOOST_AUTO_TEST_CASE(in_replicated_mode_it_follows_the_log_end) {
  auto l = leading(commit_rule::appended);
  BOOST_TEST(l.report(me, offset{10}, offset{0}));
  BOOST_TEST(l.high_watermark().value == 10);
}

BOOST_AUTO_TEST_CASE(the_slowest_in_sync_replica_decides) {
  auto l = leading(commit_rule::appended);
  l.set_in_sync({me, other});
  l.report(me, offset{10}, offset{10});
  BOOST_TEST(l.high_watermark().value == 0);
  BOOST_TEST(l.report(other, offset{4}, offset{4}));
  BOOST_TEST(l.high_watermark().value == 4);
}

BOOST_AUTO_TEST_CASE(R08_the_high_watermark_moves_when_the_isr_shrinks) {
  auto l = leading(commit_rule::appended);
  l.set_in_sync({me, other});
  l.report(me, offset{10}, offset{10});
  l.set_in_sync({me});
  BOOST_TEST(l.high_watermark().value == 10);
}

BOOST_AUTO_TEST_CASE(R09_below_min_insync_replicas_it_stands_still) {
  auto l = leading(commit_rule::appended, 2);
  BOOST_TEST(!l.report(me, offset{10}, offset{10}));
  BOOST_TEST(l.high_watermark().value == 0);
  BOOST_TEST(!l.enough_in_sync());
}

BOOST_AUTO_TEST_CASE(it_never_goes_back) {
  auto l = leading(commit_rule::appended);
  l.report(me, offset{10}, offset{10});
  BOOST_TEST(!l.report(me, offset{5}, offset{5}));
  BOOST_TEST(l.high_watermark().value == 10);
}

BOOST_AUTO_TEST_CASE(parked_acks_are_released_in_order_and_expire_by_deadline) {
  using namespace std::chrono_literals;
  const monotonic_time t0{};
  replication::parked_acks<int> parked{3};
  parked.park(offset{5}, t0 + 10ms, 1);
  parked.park(offset{8}, t0 + 5ms, 2);
  parked.park(offset{9}, t0 + 20ms, 3);
  BOOST_TEST(parked.full());
  BOOST_TEST((parked.next_deadline() == t0 + 5ms));
  BOOST_TEST(parked.release(offset{5}) == std::vector<int>{1});
  BOOST_TEST(parked.expire(t0 + 5ms) == std::vector<int>{2});
  BOOST_TEST(parked.take_all() == std::vector<int>{3});
  BOOST_TEST(parked.empty());
}
