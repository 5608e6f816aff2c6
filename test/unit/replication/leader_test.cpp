#include "runtime/replication/follower.hpp"
#include "runtime/replication/leader.hpp"
#include "runtime/replication/parked.hpp"

#include <boost/test/unit_test.hpp>

using namespace troupe;
using namespace std::chrono_literals;
using replication::commit_rule;

namespace {

const node_id me{1}, other{2}, third{3};
const monotonic_time t0 = monotonic_time{} + 1h;

struct leading : replication::leader {
  explicit leading(commit_rule rule, std::size_t min_in_sync = 1, std::vector<node_id> in_sync = {me},
                   offset log_end = offset{0}, offset high_watermark = offset{0})
    : leader(me, leader_epoch{3}, high_watermark, log_end) {
    set_rules({rule, min_in_sync, 10s});
    set_members({{me, other, third}, std::move(in_sync), 0});
  }
  bool own(std::int64_t log_end, std::int64_t durable, monotonic_time now = t0) {
    return report_own(offset{log_end}, offset{durable}, now);
  }
  bool hears(node_id of, std::int64_t log_end, std::int64_t durable, monotonic_time now = t0) {
    return report(of, {offset{log_end}, offset{durable}, 7}, now);
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(in_durable_mode_the_high_watermark_follows_the_durable_end) {
  leading l{commit_rule::durable};
  BOOST_TEST(!l.own(10, 0));
  BOOST_TEST(l.own(10, 7));
  BOOST_TEST(l.high_watermark().value == 7);
}

BOOST_AUTO_TEST_CASE(in_replicated_mode_it_follows_the_log_end) {
  leading l{commit_rule::appended};
  BOOST_TEST(l.own(10, 0));
  BOOST_TEST(l.high_watermark().value == 10);
}

BOOST_AUTO_TEST_CASE(the_slowest_in_sync_replica_decides) {
  leading l{commit_rule::appended, 1, {me, other}};
  l.own(10, 10);
  BOOST_TEST(l.high_watermark().value == 0);
  BOOST_TEST(l.hears(other, 4, 4));
  BOOST_TEST(l.high_watermark().value == 4);
}

BOOST_AUTO_TEST_CASE(what_a_follower_has_not_synced_does_not_count_in_durable_mode) {
  leading l{commit_rule::durable, 2, {me, other}};
  l.own(10, 10);
  BOOST_TEST(!l.hears(other, 10, 0));
  BOOST_TEST(l.hears(other, 10, 10));
  BOOST_TEST(l.high_watermark().value == 10);
}

BOOST_AUTO_TEST_CASE(R08_the_high_watermark_moves_when_the_isr_shrinks) {
  leading l{commit_rule::appended, 1, {me, other}};
  l.own(10, 10);
  BOOST_TEST(l.set_members({{me, other}, {me}, 1}));
  BOOST_TEST(l.high_watermark().value == 10);
}

BOOST_AUTO_TEST_CASE(R09_below_min_insync_replicas_it_stands_still) {
  leading l{commit_rule::appended, 2};
  BOOST_TEST(!l.own(10, 10));
  BOOST_TEST(l.high_watermark().value == 0);
  BOOST_TEST(!l.enough_in_sync());
}

BOOST_AUTO_TEST_CASE(it_never_goes_back) {
  leading l{commit_rule::appended};
  l.own(10, 10);
  BOOST_TEST(!l.own(5, 5));
  BOOST_TEST(l.high_watermark().value == 10);
}

BOOST_AUTO_TEST_CASE(a_replica_outside_the_isr_does_not_count_but_is_asked_in_when_it_has_everything) {
  leading l{commit_rule::durable, 1, {me}};
  l.own(10, 10);
  BOOST_TEST(l.high_watermark().value == 10);
  l.hears(other, 9, 9);
  BOOST_TEST(!l.next_wish(t0));
  l.hears(other, 10, 10);
  const auto wish = l.next_wish(t0);
  BOOST_REQUIRE(wish);
  BOOST_TEST(wish->in_sync.size() == 2u);
  BOOST_TEST((wish->in_sync[1] == replication::isr_wish::member{other, 7}));
  BOOST_TEST(!l.next_wish(t0));  // one at a time
}

BOOST_AUTO_TEST_CASE(whoever_is_asked_in_counts_at_once) {
  leading l{commit_rule::appended, 1, {me}};
  l.own(10, 10);
  l.hears(other, 10, 10);
  BOOST_REQUIRE(l.next_wish(t0));
  BOOST_TEST(!l.own(12, 12));  // the controller may have granted the wish already
  BOOST_TEST(l.high_watermark().value == 10);
  BOOST_TEST(l.drop_wish());
  BOOST_TEST(l.high_watermark().value == 12);
}

BOOST_AUTO_TEST_CASE(a_follower_that_stays_behind_for_too_long_is_asked_out) {
  leading l{commit_rule::appended, 1, {me, other}};
  l.own(10, 10);
  l.hears(other, 10, 10);
  l.own(11, 11, t0 + 60s);  // a long silence of both is no lag
  BOOST_TEST(!l.next_wish(t0 + 65s));
  BOOST_TEST(l.somebody_is_behind());
  const auto wish = l.next_wish(t0 + 71s);
  BOOST_REQUIRE(wish);
  BOOST_TEST(wish->in_sync.size() == 1u);
  l.set_members({{me, other}, {me}, 1});
  BOOST_TEST(l.high_watermark().value == 11);
}

BOOST_AUTO_TEST_CASE(a_follower_under_steady_load_is_not_late_while_it_reaches_what_there_was_when_it_last_spoke) {
  leading l{commit_rule::appended, 1, {me, other}};
  for (int i = 1; i < 60; ++i) {
    l.own(10 * i, 10 * i, t0 + i * 1s);
    l.hears(other, 10 * (i - 1), 10 * (i - 1), t0 + i * 1s);
    BOOST_TEST(!l.next_wish(t0 + i * 1s));
  }
}

BOOST_AUTO_TEST_CASE(R10_what_an_earlier_process_of_a_follower_said_does_not_count_when_it_comes_late) {
  leading l{commit_rule::appended, 1, {me, other}};
  l.own(10, 10);
  l.report(other, {offset{2}, offset{2}, 8}, t0);
  l.report(other, {offset{10}, offset{10}, 7}, t0);
  BOOST_TEST(l.high_watermark().value == 2);
}

BOOST_AUTO_TEST_CASE(R11_who_is_fenced_does_not_keep_others_out_and_is_asked_in_later) {
  leading l{commit_rule::appended, 1, {me}};
  l.own(10, 10);
  l.hears(other, 10, 10);
  l.hears(third, 10, 10);
  const auto wish = l.next_wish(t0, [](const auto& m) { return m.id != third; });
  BOOST_REQUIRE(wish);
  BOOST_TEST(wish->in_sync.size() == 2u);
  BOOST_TEST(l.left_somebody_out());
  l.set_members({{me, other, third}, {me, other}, 1});
  const auto later = l.next_wish(t0, [](const auto&) { return true; });
  BOOST_REQUIRE(later);
  BOOST_TEST(later->in_sync.size() == 3u);
  BOOST_TEST(!l.left_somebody_out());
}

BOOST_AUTO_TEST_CASE(older_decisions_of_the_controller_are_ignored) {
  leading l{commit_rule::appended, 1, {me, other}};
  l.set_members({{me, other}, {me}, 5});
  l.set_members({{me, other}, {me, other}, 4});
  BOOST_TEST(l.members().in_sync.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_new_leader_knows_what_is_committed_when_all_in_sync_have_reached_its_epoch) {
  leading l{commit_rule::appended, 1, {me, other}, offset{10}, offset{4}};
  l.own(10, 10);
  BOOST_TEST(!l.knows_high_watermark());
  l.hears(other, 10, 10);
  BOOST_TEST(l.knows_high_watermark());
}

BOOST_AUTO_TEST_CASE(R03_a_follower_cuts_at_the_end_of_the_last_epoch_that_both_have) {
  using replication::truncation_point;
  const auto at = [](std::int32_t leaders, std::int64_t leaders_end, std::int32_t own, std::int64_t own_end,
                     std::int64_t log_end) {
    return truncation_point({leader_epoch{leaders}, offset{leaders_end}}, {leader_epoch{own}, offset{own_end}},
                            offset{log_end})
      .value;
  };
  BOOST_TEST(at(2, 20, 2, 25, 30) == 20);   // the leader has less of the epoch
  BOOST_TEST(at(2, 25, 2, 20, 30) == 20);   // the follower has less of it, and then another one
  BOOST_TEST(at(2, 25, 1, 10, 30) == 10);   // the follower never had it
  BOOST_TEST(at(-1, 0, -1, -1, 30) == 0);   // nothing in common
}

BOOST_AUTO_TEST_CASE(a_followers_high_watermark_ends_with_its_log_and_never_goes_back) {
  using replication::followed_high_watermark;
  BOOST_TEST(followed_high_watermark(offset{9}, offset{5}, offset{2}).value == 5);
  BOOST_TEST(followed_high_watermark(offset{3}, offset{5}, offset{4}).value == 4);
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

BOOST_AUTO_TEST_CASE(parked_acks_above_the_end_of_a_cut_log_are_taken_and_the_others_wait_no_longer_than_allowed) {
  replication::parked_acks<int> parked{10};
  parked.park(offset{5}, t0 + 10ms, 1);
  parked.park(offset{8}, t0 + 50ms, 2);
  parked.park(offset{9}, t0 + 50ms, 3);
  BOOST_TEST(parked.take_above(offset{8}) == std::vector<int>{3});
  BOOST_TEST(parked.take_above(offset{8}).empty());
  parked.limit_deadlines(t0 + 20ms);
  BOOST_TEST(parked.expire(t0 + 19ms) == std::vector<int>{1});
  BOOST_TEST(parked.expire(t0 + 20ms) == std::vector<int>{2});
}

BOOST_AUTO_TEST_CASE(a_leader_was_followed_since_the_last_replica_in_sync_has_spoken) {
  leading alone{commit_rule::appended, 1, {me}};
  BOOST_TEST(alone.was_followed_since(t0));
  leading l{commit_rule::appended, 1, {me, other, third}};
  l.report(other, {offset{0}, offset{0}}, t0 + 2ms);
  BOOST_TEST(!l.was_followed_since(t0));
  l.report(third, {offset{0}, offset{0}}, t0 + 3ms);
  BOOST_TEST(l.was_followed_since(t0 + 1ms));
  BOOST_TEST(!l.was_followed_since(t0 + 2ms));
}

// -- who is read from -------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_reader_is_sent_to_the_in_sync_follower_nearby_that_has_most) {
  leading l{commit_rule::appended, 1, {me, other, third}};
  l.own(10, 10);
  l.hears(other, 10, 10);
  l.hears(third, 8, 8);
  const std::vector both{other, third};
  BOOST_TEST((l.best_to_read(both, offset{5}) == other));
  BOOST_TEST((l.best_to_read(std::vector{third}, offset{5}) == third));
  BOOST_TEST((l.best_to_read(std::vector{me, other}, offset{5}) == std::nullopt));
  BOOST_TEST((l.best_to_read(std::vector{node_id{9}}, offset{5}) == std::nullopt));
}

BOOST_AUTO_TEST_CASE(R19_no_reader_is_sent_to_a_follower_without_what_it_wants_or_out_of_sync) {
  leading l{commit_rule::appended, 1, {me, other}};
  l.own(10, 10);
  l.hears(third, 10, 10);
  BOOST_TEST((l.best_to_read(std::vector{other, third}, offset{5}) == std::nullopt));
  l.report(other, {offset{8}, offset{8}, 7, offset{6}}, t0);
  BOOST_TEST((l.best_to_read(std::vector{other}, offset{5}) == std::nullopt));
  BOOST_TEST((l.best_to_read(std::vector{other}, offset{6}) == other));
  BOOST_TEST((l.best_to_read(std::vector{other}, offset{8}) == other));
  BOOST_TEST((l.best_to_read(std::vector{other}, offset{9}) == std::nullopt));
}

// -- who leaves and comes back ----------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(what_a_replica_said_before_it_left_does_not_count_when_it_is_back) {
  leading l{commit_rule::appended, 1, {me}};
  l.own(10, 10);
  l.set_members({{me, third}, {me}, 1});
  l.set_members({{me, other, third}, {me}, 2});
  l.report(other, {offset{10}, offset{10}, 7, offset{0}, 0}, t0);
  BOOST_TEST(!l.next_wish(t0));
  l.report(other, {offset{10}, offset{10}, 7, offset{0}, 2}, t0);
  const auto wish = l.next_wish(t0);
  BOOST_REQUIRE(wish);
  BOOST_TEST(wish->in_sync.size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_replica_that_knows_of_its_place_before_the_leader_does_is_counted_then) {
  leading l{commit_rule::appended, 1, {me}};
  l.own(10, 10);
  l.set_members({{me, third}, {me}, 1});
  l.report(other, {offset{10}, offset{10}, 7, offset{0}, 3}, t0);
  l.set_members({{me, third}, {me}, 2});
  BOOST_TEST(!l.next_wish(t0));
  l.set_members({{me, other, third}, {me}, 3});
  const auto wish = l.next_wish(t0);
  BOOST_REQUIRE(wish);
  BOOST_TEST(wish->in_sync.size() == 2u);
}

BOOST_AUTO_TEST_CASE(the_low_watermark_is_where_the_logs_of_all_in_sync_start) {
  leading l{commit_rule::appended, 1, {me, other}};
  l.own(10, 10);
  BOOST_TEST(l.low_watermark(offset{4}).value == 0);  // the other one has not spoken
  l.report(other, {offset{10}, offset{10}, 7, offset{3}}, t0);
  l.report(third, {offset{10}, offset{10}, 7, offset{1}}, t0);
  BOOST_TEST(l.low_watermark(offset{4}).value == 3);
  l.report(other, {offset{10}, offset{10}, 7, offset{4}}, t0);
  BOOST_TEST(l.low_watermark(offset{4}).value == 4);
}
