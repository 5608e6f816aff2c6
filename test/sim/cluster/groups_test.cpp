// Consumer groups while their coordinator moves: what a client was told is true wherever the coordinator lives next.
#include "test/sim/cluster/scenario.hpp"

#include "runtime/wire/caf.hpp"
#include "schema/kafka/find_coordinator.hpp"
#include "schema/kafka/heartbeat.hpp"
#include "schema/kafka/join_group.hpp"
#include "schema/kafka/offset_commit.hpp"
#include "schema/kafka/offset_fetch.hpp"
#include "schema/kafka/sync_group.hpp"
#include "schema/partition.capnp.h"

#include <boost/test/unit_test.hpp>

using namespace troupe;
using namespace troupe::cluster_sim;
using namespace std::chrono_literals;
using kafka::error_code;

namespace {

constexpr std::uint64_t seeds[] = {1, 2, 3};
constexpr auto group = "readers";
constexpr auto patience = 30s;

/// The node that coordinates the group, as `asked` knows; waits for one that is not `other`. 0: none in time.
std::int32_t coordinator_at(scenario& s, std::int32_t asked, std::int32_t other = 0) {
  kafka::find_coordinator_request r;
  r.coordinator_keys = {group};
  for (const auto until = s.in().now() + patience; s.in().now() < until; s.in().run_for(50ms)) {
    const auto told = s.ask<kafka::find_coordinator_response>(s.address_of(asked), r, 4);
    if (told && told->coordinators.at(0).error_code == 0 && told->coordinators[0].node_id != other)
      return told->coordinators[0].node_id;
  }
  return 0;
}

/// What node `at` answers to a commit of `offset` by nobody in particular; -1 without an answer.
std::int16_t commit(scenario& s, std::int32_t at, std::int64_t offset) {
  kafka::offset_commit_request r;
  r.group_id = group;
  auto& t = r.topics.emplace_back();
  t.name = scenario::topic;
  t.partitions.push_back({0, offset, -1, "note"});
  const auto told = s.ask<kafka::offset_commit_response>(s.address_of(at), r, 9);
  return told ? told->topics.at(0).partitions.at(0).error_code : std::int16_t{-1};
}

/// As `commit`, until the coordinator, which may be loading, is there for it.
bool commits(scenario& s, std::int32_t at, std::int64_t offset) {
  for (const auto until = s.in().now() + patience; s.in().now() < until; s.in().run_for(50ms))
    if (commit(s, at, offset) == 0)
      return true;
  return false;
}

/// What node `at` answers to the question for the committed offset, at once.
std::optional<kafka::offset_fetch_response_group> ask_committed(scenario& s, std::int32_t at) {
  kafka::offset_fetch_request r;
  auto& g = r.groups.emplace_back();
  g.group_id = group;
  g.topics.emplace().emplace_back().name = scenario::topic;
  g.topics->back().partition_indexes = {0};
  auto told = s.ask<kafka::offset_fetch_response>(s.address_of(at), r, 9);
  return told ? std::optional{std::move(told->groups.at(0))} : std::nullopt;
}

/// The committed offset that node `at` tells once it is ready to; none when it is no coordinator.
std::optional<std::int64_t> committed(scenario& s, std::int32_t at) {
  for (const auto until = s.in().now() + patience; s.in().now() < until; s.in().run_for(50ms)) {
    const auto told = ask_committed(s, at);
    if (!told)
      return std::nullopt;
    const auto& answer = *told;
    if (answer.error_code == 0)
      return answer.topics.at(0).partitions.at(0).committed_offset;
    if (answer.error_code != kafka::code_of(error_code::coordinator_load_in_progress)
        && answer.error_code != kafka::code_of(error_code::coordinator_not_available))
      return std::nullopt;
  }
  return std::nullopt;
}

/// A member of the group, alone in it.
struct member {
  std::string id;
  std::int32_t generation = -1;
};

member join_alone(scenario& s, std::int32_t at) {
  kafka::join_group_request r;
  r.group_id = group;
  r.session_timeout_ms = r.rebalance_timeout_ms = 10'000;
  r.protocol_type = "consumer";
  auto& p = r.protocols.emplace_back();
  p.name = "range";
  auto told = s.ask<kafka::join_group_response>(s.address_of(at), r, 9);
  const auto is_soon = [](std::int16_t code) {
    return code == kafka::code_of(error_code::coordinator_not_available)
           || code == kafka::code_of(error_code::coordinator_load_in_progress);
  };
  for (int i = 0; i < 100 && told && is_soon(told->error_code); ++i) {
    s.in().run_for(50ms);
    told = s.ask<kafka::join_group_response>(s.address_of(at), r, 9);
  }
  BOOST_REQUIRE(told && told->error_code == kafka::code_of(error_code::member_id_required));
  r.member_id = told->member_id;
  told = s.ask<kafka::join_group_response>(s.address_of(at), r, 9);
  BOOST_REQUIRE(told && told->error_code == 0);
  kafka::sync_group_request sync;
  sync.group_id = group;
  sync.generation_id = told->generation_id;
  sync.member_id = told->member_id;
  sync.protocol_type = "consumer";
  sync.protocol_name = "range";
  sync.assignments.push_back({told->member_id, byte_slice::copy_of(as_bytes("0"))});
  const auto assigned = s.ask<kafka::sync_group_response>(s.address_of(at), sync, 5);
  BOOST_REQUIRE(assigned && assigned->error_code == 0);
  return {told->member_id, told->generation_id};
}

std::int16_t heartbeat(scenario& s, std::int32_t at, const member& m) {
  kafka::heartbeat_request r;
  r.group_id = group;
  r.member_id = m.id;
  r.generation_id = m.generation;
  for (const auto until = s.in().now() + patience; s.in().now() < until; s.in().run_for(50ms)) {
    const auto told = s.ask<kafka::heartbeat_response>(s.address_of(at), r, 4);
    if (!told)
      return -1;
    if (told->error_code != kafka::code_of(error_code::coordinator_load_in_progress))
      return told->error_code;
  }
  return -1;
}

scenario with_groups(std::uint64_t seed) {
  return scenario{seed, {"group.initial.rebalance.delay.ms=0"}};
}

}  // namespace

BOOST_AUTO_TEST_CASE(G05_no_offset_goes_back_while_the_coordinator_is_bounced_between_nodes) {
  for (const auto seed : seeds) {
    auto s = with_groups(seed);
    const auto first = coordinator_at(s, 1);
    BOOST_REQUIRE(first > 0);
    BOOST_TEST(commits(s, first, 5));
    s.node(first).crash();
    const auto second = coordinator_at(s, s.other_than(first), first);
    BOOST_REQUIRE(second > 0);
    BOOST_TEST(committed(s, second).value_or(-2) == 5);
    BOOST_TEST(commits(s, second, 7));
    s.node(first).start();
    BOOST_TEST(s.await_in_sync(second, 3));
    s.node(second).crash();
    const auto third = coordinator_at(s, s.third(first, second), second);
    BOOST_TEST(committed(s, third).value_or(-2) == 7);
    s.node(second).start();
    s.end_well();
  }
}

BOOST_AUTO_TEST_CASE(a_member_stays_one_when_its_coordinator_dies) {
  for (const auto seed : seeds) {
    auto s = with_groups(seed);
    const auto old = coordinator_at(s, 1);
    const auto m = join_alone(s, old);
    s.node(old).crash();
    const auto next = coordinator_at(s, s.other_than(old), old);
    BOOST_REQUIRE(next > 0);
    BOOST_TEST(heartbeat(s, next, m) == 0);
    s.node(old).start();
    s.end_well();
  }
}

BOOST_AUTO_TEST_CASE(G06_a_coordinator_that_is_cut_off_acknowledges_nothing) {
  for (const auto seed : seeds) {
    auto s = with_groups(seed);
    const auto old = coordinator_at(s, 1);
    BOOST_TEST(commits(s, old, 5));
    s.cut_from_nodes(old);
    BOOST_TEST(commit(s, old, 6) != 0);
    const auto next = coordinator_at(s, s.other_than(old), old);
    BOOST_REQUIRE(next > 0);
    BOOST_TEST(committed(s, next).value_or(-2) == 5);
    BOOST_TEST(commits(s, next, 9));
    s.heal_to_nodes(old);
    BOOST_TEST(s.await_in_sync(next, 3));
    BOOST_TEST(committed(s, coordinator_at(s, next)).value_or(-2) == 9);
    BOOST_TEST(!committed(s, old).has_value());
    s.end_well();
  }
}

BOOST_AUTO_TEST_CASE(a_commit_that_too_few_replicas_can_take_is_refused_and_not_seen) {
  for (const auto seed : seeds) {
    scenario s{seed, {"min.insync.replicas=3"}};
    const auto at = coordinator_at(s, 1);
    BOOST_TEST(commits(s, at, 5));
    const auto away = s.other_than(at);
    s.node(away).crash();
    s.in().run_for(3s);
    BOOST_TEST(commit(s, at, 7) == kafka::code_of(error_code::coordinator_not_available));
    BOOST_TEST(committed(s, at).value_or(-2) == 5);
    s.node(away).start();
    BOOST_TEST(s.await_in_sync(at, 3));
    BOOST_TEST(committed(s, coordinator_at(s, away)).value_or(-2) == 5);
    s.end_well();
  }
}

BOOST_AUTO_TEST_CASE(a_commit_that_the_replicas_do_not_take_in_time_is_told_so_and_may_still_happen) {
  scenario s{1, {"offsets.commit.timeout.ms=1000"}};
  const auto at = coordinator_at(s, 1);
  BOOST_TEST(commits(s, at, 5));
  // The quorum goes with them, so that nobody leaves the in-sync replicas, and the coordinator waits for them.
  const auto a = s.other_than(at), b = s.third(at, a);
  s.node(a).pause();
  s.node(b).pause();
  const auto began = s.in().now();
  BOOST_TEST(commit(s, at, 6) == kafka::code_of(error_code::coordinator_not_available));
  BOOST_TEST((s.in().now() - began < 2s));
  s.node(a).resume();
  s.node(b).resume();
  BOOST_TEST(s.await_in_sync(at, 3));
  const auto found = committed(s, coordinator_at(s, a)).value_or(-2);
  BOOST_TEST((found == 5 || found == 6));
  s.end_well();
}

BOOST_AUTO_TEST_CASE(T09_a_coordinator_whose_load_fails_is_loaded_again) {
  for (const auto seed : seeds) {
    auto s = with_groups(seed);
    const auto old = coordinator_at(s, 1);
    BOOST_TEST(commits(s, old, 5));
    s.in().disturb("journal.load", 3);
    s.node(old).crash();
    const auto next = coordinator_at(s, s.other_than(old), old);
    BOOST_REQUIRE(next > 0);
    BOOST_TEST(committed(s, next).value_or(-2) == 5);
    BOOST_TEST(s.in().probes().count("a journaled actor failed") == 1u);
    s.node(old).start();
    s.end_well();
  }
}

/// As `commit`, but that it is committed gets to nobody but the client: other nodes have it and do not know.
std::int16_t commit_unheard(scenario& s, std::int32_t at, std::int64_t offset) {
  bool is_cut = false;
  s.node(at).listen_to_mail([&](const caf::actor&, const caf::message& m) {
    if (m.match_elements<wire<schema::PartitionAppended>>() && !std::exchange(is_cut, true))
      s.in().at(s.in().now(), [&s, at] { s.cut_from_nodes(at); });
  });
  const auto code = commit(s, at, offset);
  s.node(at).listen_to_mail({});
  return code;
}

/// The coordinator's node dies, and the third one when the coordinator's successor begins to load, so that nobody can
/// tell that one what is committed. The successor's node; 0: there is none in time.
std::int32_t crash_while_successor_loads(scenario& s, std::int32_t old) {
  std::int32_t next = 0;
  const auto listen = [&](std::int32_t id) {
    s.node(id).listen_to_mail([&s, &next, old, id](const caf::actor&, const caf::message& m) {
      if (next > 0 || !m.match_elements<wire<schema::PartitionDescribe>>())
        return;
      next = id;
      s.in().at(s.in().now(), [&s, old, id] { s.node(s.third(old, id)).crash(); });
    });
  };
  const auto one = s.other_than(old), two = s.third(old, one);
  listen(one);
  listen(two);
  s.node(old).crash();
  s.in().run_until([&] { return next > 0; }, patience);
  s.in().run_for(100ms);
  s.node(one).listen_to_mail({});
  s.node(two).listen_to_mail({});
  return next;
}

BOOST_AUTO_TEST_CASE(G09_a_coordinator_whose_partition_goes_offline_while_it_loads_comes_back_with_everything) {
  for (const auto seed : seeds) {
    auto s = with_groups(seed);
    const auto old = coordinator_at(s, 1);
    BOOST_TEST(commits(s, old, 4));
    BOOST_TEST(commit_unheard(s, old, 5) == 0);
    const auto next = crash_while_successor_loads(s, old);
    BOOST_REQUIRE(next > 0);
    s.in().run_for(3s);
    const auto early = ask_committed(s, next);
    BOOST_TEST((!early || early->error_code != 0
                || early->topics.at(0).partitions.at(0).committed_offset == 5), "it does not know of the last commit");
    BOOST_TEST(commit(s, next, 6) != 0);
    s.heal_to_nodes(old);
    s.node(old).start();
    s.node(s.third(old, next)).start();
    BOOST_TEST(s.await_in_sync(next, 3));
    const auto now = coordinator_at(s, next);
    BOOST_REQUIRE(now > 0);
    const auto found = committed(s, now).value_or(-2);
    BOOST_TEST((found == 5 || found == 6));  // the refused one may have been taken
    BOOST_TEST(commits(s, now, 7));
    BOOST_TEST(committed(s, now).value_or(-2) == 7);
    s.end_well();
  }
}
