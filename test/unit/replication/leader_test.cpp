#include "runtime/replication/leader.hpp"
#include "runtime/replication/parked.hpp"

#include <boost/test/unit_test.hpp>

using namespace troupe;
using namespace std::chrono_literals;
using replication::commit_rule;

namespace {

const node_id me{1}, other{2}, third{3};
const monotonic_time t0{1s};

replication::leader leading(commit_rule rule, std::vector<node_id> in_sync, std::size_t min_in_sync = 1) {
  replication::leader l{me, leader_epoch{3}, offset{0}, offset{0}};
  l.set_rules({rule, min_in_sync, 30s});
  l.set_members({{me, other, third}, std::move(in_sync), 7});
  return l;
}

/// A follower that has everything up to `end`, synced.
replication::replica_report at(std::int64_t end, std::int64_t broker_epoch = 1) {
  return {offset{end}, offset{end}, broker_epoch};
}

}  // namespace

BOOST_AUTO_TEST_CASE(in_durable_mode_the_high_watermark_follows_the_durable_end) {
  auto l = leading(commit_rule::durable, {me});
  BOOST_TEST(!l.report_own(offset{10}, offset{0}, t0));
  BOOST_TEST(l.report_own(offset{10}, offset{7}, t0));
  BOOST_TEST(l.high_watermark().value == 7);
}

BOOST_AUTO_TEST_CASE(in_replicated_mode_it_follows_the_log_end) {
  auto l = leading(commit_rule::appended, {me});
  BOOST_TEST(l.report_own(offset{10}, offset{0}, t0));
  BOOST_TEST(l.high_watermark().value == 10);
}

BOOST_AUTO_TEST_CASE(the_slowest_in_sync_replica_decides) {
  auto l = leading(commit_rule::appended, {me, other});
  l.report_own(offset{10}, offset{10}, t0);
  BOOST_TEST(l.high_watermark().value == 0);
  BOOST_TEST(l.report(other, at(4), t0));
  BOOST_TEST(l.high_watermark().value == 4);
}

BOOST_AUTO_TEST_CASE(R08_the_high_watermark_moves_when_the_isr_shrinks) {
  auto l = leading(commit_rule::appended, {me, other});
  l.report_own(offset{10}, offset{10}, t0);
  BOOST_TEST(l.set_members({{me, other, third}, {me}, 8}));
  BOOST_TEST(l.high_watermark().value == 10);
}

BOOST_AUTO_TEST_CASE(R09_below_min_insync_replicas_it_stands_still) {
  auto l = leading(commit_rule::appended, {me}, 2);
  BOOST_TEST(!l.report_own(offset{10}, offset{10}, t0));
  BOOST_TEST(l.high_watermark().value == 0);
  BOOST_TEST(!l.enough_in_sync());
}

BOOST_AUTO_TEST_CASE(it_never_goes_back) {
  auto l = leading(commit_rule::appended, {me});
  l.report_own(offset{10}, offset{10}, t0);
  BOOST_TEST(!l.report_own(offset{5}, offset{5}, t0));
  BOOST_TEST(l.high_watermark().value == 10);
}

BOOST_AUTO_TEST_CASE(a_replica_that_is_only_asked_for_counts_until_the_controller_has_refused_it) {
  auto l = leading(commit_rule::appended, {me});
  l.report_own(offset{10}, offset{10}, t0);
  l.report(other, at(10), t0);
  BOOST_TEST(l.next_wish(t0).has_value());
  l.report_own(offset{20}, offset{20}, t0);
  BOOST_TEST(l.high_watermark().value == 10);
  BOOST_TEST(l.drop_wish());
  BOOST_TEST(l.high_watermark().value == 20);
}

BOOST_AUTO_TEST_CASE(R10_what_an_earlier_process_of_a_follower_said_does_not_count_when_it_comes_late) {
  auto l = leading(commit_rule::appended, {me, other});
  l.report_own(offset{10}, offset{10}, t0);
  l.report(other, at(2, 5), t0);
  BOOST_TEST(!l.report(other, at(10, 4), t0));
  BOOST_TEST(l.high_watermark().value == 2);
}

BOOST_AUTO_TEST_CASE(parked_acks_are_released_in_order_and_expire_by_deadline) {
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
