// What no sound member can say: it stops the one who hears it, before anything is lost.
#include "runtime/raft/bounds.hpp"
#include "world.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace troupe;
using namespace troupe::raft;
using namespace troupe::raft::test;

namespace {

const monotonic_time start{1h};

member member_of(std::int32_t node) {
  return {node_id{node}, {}};
}

/// A member whose log is as long as `last` says and is committed up to its snapshot.
participant opened(entry_id snapshot, entry_id last) {
  opening found;
  found.terms = log_terms{snapshot};
  while (found.terms.last().index < last.index)
    found.terms.append(last.term);
  found.snapshot = snapshot;
  for (std::int32_t n = 1; n <= 3; ++n)
    found.voters.push_back({member_of(n), "host", 9093});
  found.vote = {last.term, metadata::no_node};
  return {options{member_of(1)}, std::move(found), start};
}

message append_from(std::int32_t node, std::int64_t term, entry_id prev, std::vector<entry_head> entries = {}) {
  return {member_of(node), member_of(1), term, append_request{prev, std::move(entries), 0, 1}};
}

}  // namespace

BOOST_AUTO_TEST_CASE(Q07_an_entry_that_is_committed_is_never_cut_off) {
  auto p = opened({5, 2}, {7, 2});
  p.step(start, append_from(2, 3, {6, 2}, {{3, {}}}));  // another entry 7: not committed
  BOOST_TEST(p.view().last.term == 3);
  BOOST_CHECK_THROW(p.step(start, append_from(2, 3, {5, 3})), std::logic_error);
  auto q = opened({5, 2}, {7, 2});
  q.step(start, append_from(2, 2, {7, 2}));
  BOOST_CHECK_THROW(q.step(start, append_from(2, 2, {6, 2}, {{3, {}}})), std::logic_error);
}

BOOST_AUTO_TEST_CASE(there_are_never_two_leaders_in_a_term) {
  auto p = opened({5, 2}, {7, 2});
  p.step(start, append_from(2, 3, {7, 2}));
  BOOST_CHECK_THROW(p.step(start, append_from(3, 3, {7, 2})), std::logic_error);
}

BOOST_AUTO_TEST_CASE(what_is_meant_for_another_disk_is_not_for_this_one) {
  auto p = opened({5, 2}, {7, 2});
  auto m = append_from(2, 3, {7, 2});
  m.to.directory.value.bytes[0] = 1;
  const auto e = p.step(start, m);
  BOOST_TEST(e.send.empty());
  BOOST_TEST(p.view().term == 2);
}

BOOST_AUTO_TEST_CASE(a_snapshot_larger_than_the_limit_is_not_taken) {
  auto p = opened({5, 2}, {7, 2});
  const auto piece = [&](std::int64_t offset, std::int64_t size) {
    return p.step(start, {member_of(2), member_of(1), 3, snapshot_request{{9, 3}, offset, size, false, 1}});
  };
  BOOST_TEST(piece(0, bounds::raft_snapshot_bytes_max).keep_piece.has_value());
  const auto e = piece(bounds::raft_snapshot_bytes_max, 1);
  BOOST_TEST(!e.keep_piece);
  BOOST_TEST(!e.install);
}

BOOST_AUTO_TEST_CASE(no_more_learners_than_the_limit_are_pushed_to) {
  world w;
  w.found({1});
  auto& leader = w.at(1);
  w.tick(leader);
  for (std::int32_t n = 2; n < 2'000; ++n)
    w.deliver(leader, {{member_of(n), nobody, 0, subscribe_request{}}, {}, {}});
  BOOST_TEST(leader.runs->view().peers.size() == bounds::raft_learners_max + bounds::raft_voters_max);
}

BOOST_AUTO_TEST_CASE(hints_at_a_leader_are_followed_a_few_times_only) {
  opening found;
  participant learner{options{member_of(1)}, std::move(found), start};
  BOOST_TEST(learner.tick(start).send.size() == 1u);
  int asked = 0;
  for (std::int32_t n = 2; n < 100; ++n)
    asked += static_cast<int>(
        learner.step(start, {member_of(n), member_of(1), 1, subscribe_reply{member_of(n + 1)}}).send.size());
  BOOST_TEST(asked == bounds::raft_redirects_max);
}

BOOST_AUTO_TEST_CASE(no_more_appends_than_the_limit_are_on_their_way_to_one_member) {
  world w;
  w.found({1, 2});
  auto& leader = w.at(1);
  w.pass(leader.runs->wakes_at());
  w.tick(leader);
  w.settle();
  for (int i = 0; i < 100; ++i)
    w.propose(leader, i);
  BOOST_TEST(w.network.size() == bounds::raft_appends_in_flight_max);
  w.settle();
  BOOST_TEST(w.at(2).last_index() == 102);
  BOOST_TEST(leader.runs->view().commit == 102);
}
