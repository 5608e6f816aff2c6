// Transactions on three nodes, step by step: what comes late, twice, or while a coordinator or a leader moves.
#include "test/sim/cluster/transaction_steps.hpp"

using namespace troupe;
using namespace troupe::cluster_sim;
using namespace troupe::cluster_sim::transaction_steps;
using namespace std::chrono_literals;
using kafka::error_code;

BOOST_AUTO_TEST_CASE(T01_a_retry_at_the_next_leader_after_a_lost_answer_is_no_second_record) {
  for (const auto seed : seeds) {
    scenario s{seed};
    auto p = begin(s);
    auto old = s.await_leader(1);
    BOOST_TEST((p.write(old, "first") == error_code::none));
    p.sequence = 0;  // as if its answer had been lost
    s.node(old).crash();
    const auto next = s.await_leader(s.other_than(old), {old});
    BOOST_REQUIRE(next > 0);
    BOOST_TEST((p.write(next, "first") == error_code::none));
    BOOST_TEST((p.write(next, "second") == error_code::none));
    s.node(old).start();
    BOOST_TEST(s.await_in_sync(next, 3));
    BOOST_TEST((p.end_wherever(next, true) == error_code::none));
    BOOST_TEST(holds_only(s, {"first", "second"}));
    s.end_well();
  }
}

BOOST_AUTO_TEST_CASE(T04_what_comes_after_the_abort_is_no_part_of_any_transaction) {
  for (const auto seed : seeds)
    for (const auto protocol : {old_protocol, new_protocol}) {
      scenario s{seed};
      auto p = begin(s, protocol, 2s);
      const auto leader = s.await_leader(1);
      BOOST_TEST((protocol == new_protocol || p.add() == error_code::none));
      BOOST_TEST((p.write(leader, "early") == error_code::none));
      s.in().run_for(5s);  // its time is over
      auto late = p;
      const auto told = late.write(leader, "late");
      BOOST_TEST((told == error_code::invalid_producer_epoch || told == error_code::invalid_txn_state));
      BOOST_TEST((p.init() == error_code::none));
      BOOST_TEST((protocol == new_protocol || p.add() == error_code::none));
      BOOST_TEST((p.write(leader, "next") == error_code::none));
      BOOST_TEST((late.write(leader, "later") != error_code::none));
      BOOST_TEST((p.end(true) == error_code::none));
      BOOST_TEST(holds_only(s, {"next"}));
      s.end_well();
    }
}

BOOST_AUTO_TEST_CASE(T05_a_late_end_does_not_end_a_later_transaction) {
  for (const auto seed : seeds) {
    scenario s{seed};
    auto p = begin(s);
    const auto leader = s.await_leader(1);
    BOOST_TEST((p.write(leader, "first") == error_code::none));
    auto late = p;
    BOOST_TEST((p.end(true) == error_code::none));
    BOOST_TEST((late.end(true) == error_code::none));  // the answer was lost: told again
    BOOST_TEST(late.epoch == p.epoch);
    late.epoch = static_cast<std::int16_t>(p.epoch - 1);
    BOOST_TEST((p.write(leader, "second") == error_code::none));
    BOOST_TEST((late.end_once(true) == error_code::producer_fenced));
    BOOST_TEST((p.end(false) == error_code::none));
    BOOST_TEST(holds_only(s, {"first"}));
    s.end_well();
  }
}

// Found by seed 772: the end of the transaction before, under the same epoch, was told as that of this one.
BOOST_AUTO_TEST_CASE(T05_a_coordinator_that_was_replaced_without_knowing_tells_of_no_end) {
  for (const auto seed : seeds) {
    scenario s{seed};
    auto p = begin(s, old_protocol, 2s);
    BOOST_TEST((p.add() == error_code::none));
    BOOST_TEST((p.write(s.await_leader(1), "first") == error_code::none));
    BOOST_TEST((p.end(true) == error_code::none));
    s.in().run_for(500ms);
    const auto old = p.coordinator, there = s.other_than(old);
    s.node(old).pause();
    auto next = p;
    next.coordinator = p.find(there, old);
    BOOST_REQUIRE(next.coordinator > 0);
    BOOST_TEST((next.add() == error_code::none));
    BOOST_TEST((next.write(s.await_leader(there, {old}), "second") == error_code::none));
    s.in().run_for(5s);  // its time is over
    s.node(old).resume();
    BOOST_TEST((p.end_once(true) != error_code::none));
    BOOST_TEST(s.await_in_sync(there, 3));
    BOOST_TEST(holds_only(s, {"first"}));
    s.end_well();
  }
}

BOOST_AUTO_TEST_CASE(T07_what_was_decided_is_carried_out_although_coordinator_and_leader_die) {
  for (const auto seed : seeds)
    for (const bool commits : {true, false}) {
      scenario s{seed};
      auto p = begin(s);
      const auto leader = s.await_leader(1);
      BOOST_TEST((p.write(leader, "one") == error_code::none));
      const auto old = p.coordinator;
      if (old != leader)
        s.cut_from_nodes(leader);  // no marker comes to it
      auto again = p;
      p.end_once(commits);
      s.node(old).crash();
      s.heal_to_nodes(leader);
      s.in().run_for(500ms);
      s.node(old).start();
      BOOST_TEST((again.end_wherever(s.other_than(old), commits) == error_code::none));  // told again, or decided now
      const auto found = committed(s);
      BOOST_REQUIRE(found.has_value());
      BOOST_TEST((commits ? *found == std::vector<std::string>{"one"} : found->empty()));
      s.end_well();
    }
}

BOOST_AUTO_TEST_CASE(T08_an_epoch_that_could_not_be_written_fences_nobody) {
  for (const auto seed : seeds) {
    scenario s{seed, {"transaction.state.log.min.isr=3"}};
    auto p = begin(s);
    BOOST_TEST((p.write(s.await_leader(1), "mine") == error_code::none));
    const auto away = s.other_than(p.coordinator);
    s.node(away).crash();
    s.in().run_for(3s);
    kafka::init_producer_id_request r;
    r.transactional_id = id;
    r.transaction_timeout_ms = 10'000;
    const auto told = s.ask<kafka::init_producer_id_response>(s.address_of(p.coordinator), r, 4);
    BOOST_REQUIRE(told);
    BOOST_TEST((error_code{told->error_code} == error_code::coordinator_not_available));
    s.node(away).start();
    BOOST_TEST((p.end(true) == error_code::none));
    BOOST_TEST(holds_only(s, {"mine"}));
    s.end_well();
  }
}

BOOST_AUTO_TEST_CASE(T10_a_transaction_goes_on_when_its_coordinator_moves) {
  for (const auto seed : seeds)
    for (const auto protocol : {old_protocol, new_protocol}) {
      scenario s{seed};
      auto p = begin(s, protocol);
      BOOST_TEST((protocol == new_protocol || p.add() == error_code::none));
      BOOST_TEST((p.write(s.await_leader(1), "before") == error_code::none));
      const auto old = p.coordinator;
      s.node(old).crash();
      const auto there = s.other_than(old);
      p.coordinator = p.find(there, old);
      BOOST_REQUIRE(p.coordinator > 0);
      BOOST_TEST((p.write(s.await_leader(there, {old}), "after") == error_code::none));
      BOOST_TEST((p.end(true) == error_code::none));
      s.node(old).start();
      BOOST_TEST(holds_only(s, {"before", "after"}));
      s.end_well();
    }
}

BOOST_AUTO_TEST_CASE(T11_a_marker_of_an_older_epoch_ends_nothing) {
  scenario s{1};
  auto p = begin(s);
  const auto leader = s.await_leader(1);
  BOOST_TEST((p.write(leader, "first") == error_code::none));
  BOOST_TEST((p.end(true) == error_code::none));
  BOOST_TEST((p.write(leader, "second") == error_code::none));
  kafka::write_txn_markers_request r;
  r.markers.push_back({p.number, static_cast<std::int16_t>(p.epoch - 1), false, {{scenario::topic, {0}}}, 0, 0});
  const auto told = s.ask<kafka::write_txn_markers_response>(s.address_of(leader), r, 1);
  BOOST_REQUIRE(told);
  BOOST_TEST((error_code{told->markers.at(0).topics.at(0).partitions.at(0).error_code}
              == error_code::invalid_producer_epoch));
  BOOST_TEST((p.end(true) == error_code::none));
  BOOST_TEST(holds_only(s, {"first", "second"}));
  s.end_well();
}

BOOST_AUTO_TEST_CASE(T12_an_end_whose_answer_is_lost_is_told_again_by_the_next_coordinator) {
  for (const auto seed : seeds)
    for (const auto protocol : {old_protocol, new_protocol}) {
      scenario s{seed};
      auto p = begin(s, protocol);
      BOOST_TEST((protocol == new_protocol || p.add() == error_code::none));
      BOOST_TEST((p.write(s.await_leader(1), "one") == error_code::none));
      auto again = p;
      BOOST_TEST((p.end(true) == error_code::none));
      s.node(p.coordinator).crash();
      again.coordinator = again.find(s.other_than(p.coordinator), p.coordinator);
      BOOST_TEST((again.end(true) == error_code::none));
      BOOST_TEST(again.epoch == p.epoch);
      s.node(p.coordinator).start();
      BOOST_TEST(holds_only(s, {"one"}));
      s.end_well();
    }
}

BOOST_AUTO_TEST_CASE(T16_an_abort_of_nothing_fences_nobody) {
  scenario s{1};
  auto p = begin(s);
  const auto leader = s.await_leader(1);
  BOOST_TEST((p.write(leader, "one") == error_code::none));
  BOOST_TEST((p.end(true) == error_code::none));
  BOOST_TEST((p.end(false) == error_code::none));
  BOOST_TEST((p.end(true) == error_code::invalid_txn_state));
  BOOST_TEST((p.write(leader, "two") == error_code::none));
  BOOST_TEST((p.end(true) == error_code::none));
  BOOST_TEST(holds_only(s, {"one", "two"}));
  s.end_well();
}

namespace {

/// Commits offset 7 of the group in the transaction, at its coordinator `at`.
error_code commit_in(producer& p, std::int32_t at) {
  auto& s = p.s;
  if (p.protocol == old_protocol) {
    kafka::add_offsets_to_txn_request add;
    add.transactional_id = id;
    add.producer_id = p.number;
    add.producer_epoch = p.epoch;
    add.group_id = group;
    const auto told = s.ask<kafka::add_offsets_to_txn_response>(s.address_of(p.coordinator), add, 3);
    if (!told || told->error_code != 0)
      return told ? error_code{told->error_code} : error_code::request_timed_out;
  }
  kafka::txn_offset_commit_request r;
  r.transactional_id = id;
  r.group_id = group;
  r.producer_id = p.number;
  r.producer_epoch = p.epoch;
  r.topics = {{scenario::topic, {{0, 7, -1, "note"}}}};
  const auto told =
    s.ask<kafka::txn_offset_commit_response>(s.address_of(at), r, p.protocol == old_protocol ? 3 : 5);
  return told ? error_code{told->topics.at(0).partitions.at(0).error_code} : error_code::request_timed_out;
}

/// What is told of the group's offset to those who want no offset that may change.
std::pair<error_code, std::int64_t> stable_offset(scenario& s, std::int32_t at) {
  kafka::offset_fetch_request r;
  r.require_stable = true;
  auto& g = r.groups.emplace_back();
  g.group_id = group;
  g.topics.emplace().emplace_back().name = scenario::topic;
  g.topics->back().partition_indexes = {0};
  for (int i = 0; i < 100; ++i, s.in().run_for(50ms)) {
    const auto found = s.ask<kafka::offset_fetch_response>(s.address_of(at), r, 9);
    if (found && found->groups.at(0).error_code == 0) {
      const auto& one = found->groups[0].topics.at(0).partitions.at(0);
      return {error_code{one.error_code}, one.committed_offset};
    }
  }
  return {error_code::request_timed_out, -1};
}

}  // namespace

BOOST_AUTO_TEST_CASE(T17_offsets_in_a_transaction_outlive_their_coordinator_and_wait_for_its_end) {
  for (const auto protocol : {old_protocol, new_protocol})
    for (const bool commits : {true, false})
      for (const bool moves : {true, false}) {
        scenario s{1};
        auto p = begin(s, protocol);
        auto at = p.find(1, 0, 0, group);
        auto code = commit_in(p, at);
        for (int i = 0; i < 100 && is_soon(code); ++i, code = commit_in(p, at))
          s.in().run_for(50ms);
        BOOST_TEST((code == error_code::none));
        const auto old = at;
        if (moves) {
          s.node(old).crash();
          at = p.find(s.other_than(old), old, 0, group);
          BOOST_REQUIRE(at > 0);
          p.coordinator = p.find(at, old);
        }
        BOOST_TEST((stable_offset(s, at).first == error_code::unstable_offset_commit));
        BOOST_TEST((p.end(commits) == error_code::none));
        s.in().run_for(2s);
        BOOST_TEST((stable_offset(s, at) == std::pair{error_code::none, std::int64_t{commits ? 7 : -1}}));
        s.node(old).start();
        s.end_well();
      }
}

BOOST_AUTO_TEST_CASE(one_request_may_add_partitions_to_transactions_of_several_coordinators) {
  scenario s{1};
  auto p = begin(s);
  std::string here, elsewhere;
  for (int i = 0; here.empty() || elsewhere.empty(); ++i) {
    const auto other = "other-" + std::to_string(i);
    (p.find(1, 0, 1, other) == p.coordinator ? here : elsewhere) = other;
  }
  kafka::add_partitions_to_txn_request r;
  r.transactions = {{id, p.number, p.epoch, false, {{scenario::topic, {0}}}},
                    {here, p.number, p.epoch, false, {{scenario::topic, {0}}}},
                    {elsewhere, p.number, p.epoch, false, {{scenario::topic, {0}}}},
                    {id, p.number, p.epoch, false, {{scenario::topic, {0, 99}}}}};
  const auto told = s.ask<kafka::add_partitions_to_txn_response>(s.address_of(p.coordinator), r, 5);
  BOOST_REQUIRE(told);
  BOOST_TEST(told->error_code == 0);
  BOOST_REQUIRE(told->results_by_transaction.size() == r.transactions.size());
  const auto code = [&](std::size_t of, std::size_t line = 0) {
    BOOST_TEST(told->results_by_transaction[of].transactional_id == r.transactions[of].transactional_id);
    return error_code{
      told->results_by_transaction[of].topic_results.at(0).results_by_partition.at(line).partition_error_code};
  };
  BOOST_TEST((code(0) == error_code::none));
  BOOST_TEST((code(1) == error_code::invalid_producer_id_mapping));
  BOOST_TEST((code(2) == error_code::not_coordinator));
  BOOST_TEST((code(3, 0) == error_code::operation_not_attempted));
  BOOST_TEST((code(3, 1) == error_code::unknown_topic_or_partition));
  BOOST_TEST((p.end(true) == error_code::none));
  s.end_well();
}

BOOST_AUTO_TEST_CASE(a_transaction_that_no_coordinator_knows_is_named_once_and_can_be_ended) {
  scenario s{1, {"transaction.partition.verification.enable=false", "transaction.max.timeout.ms=5000",
                 "log.retention.check.interval.ms=1000"}};
  int named = 0;
  auto p = begin(s, old_protocol, 2s);
  const auto leader = s.await_leader(1);
  BOOST_TEST((p.write(leader, "lost") == error_code::none));  // was never added to the transaction
  const auto what = "producer " + std::to_string(p.number) + " with epoch " + std::to_string(p.epoch)
                    + " has had a transaction open for longer than transaction.max.timeout.ms";
  s.in().told().listen([&](const std::string& line) { named += line.find(what) != std::string::npos; });
  s.in().run_for(4s);
  BOOST_TEST(named == 0);
  s.in().run_for(1min);
  s.in().told().listen({});
  BOOST_TEST(named == 1);
  kafka::write_txn_markers_request r;
  r.markers.push_back({p.number, p.epoch, false, {{scenario::topic, {0}}}, 0, 0});
  const auto told = s.ask<kafka::write_txn_markers_response>(s.address_of(leader), r, 1);
  BOOST_REQUIRE(told);
  BOOST_TEST(told->markers.at(0).topics.at(0).partitions.at(0).error_code == 0);
  BOOST_TEST(holds_only(s, {}));
  s.end_well();
}

BOOST_AUTO_TEST_CASE(a_coordinator_that_failed_and_was_made_anew_ends_transactions_as_before) {
  scenario s{1};
  auto p = begin(s);
  const auto leader = s.await_leader(1);
  BOOST_TEST((p.write(leader, "one") == error_code::none));
  BOOST_TEST((p.end(true) == error_code::none));
  BOOST_TEST(holds_only(s, {"one"}));
  // It does not know whether a record is in its journal: the next one reads what is there.
  s.in().disturb("journal.unsure", 1);
  BOOST_TEST((p.write(leader, "two") == error_code::none));
  BOOST_TEST(s.in().probes().count("a journaled actor failed") == 1u);
  BOOST_TEST((p.end(true) == error_code::none));
  BOOST_TEST(holds_only(s, {"one", "two"}));
  s.end_well();
}
