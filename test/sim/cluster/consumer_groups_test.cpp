// Groups of the consumer protocol while their coordinator dies: what members were told holds wherever it lives next.
#include "test/sim/cluster/scenario.hpp"

#include "schema/kafka/consumer_group_describe.hpp"
#include "schema/kafka/consumer_group_heartbeat.hpp"
#include "schema/kafka/find_coordinator.hpp"
#include "schema/kafka/join_group.hpp"
#include "schema/kafka/offset_commit.hpp"

#include <boost/test/unit_test.hpp>

#include <functional>
#include <set>

using namespace troupe;
using namespace troupe::cluster_sim;
using namespace std::chrono_literals;
using kafka::error_code;

namespace {

constexpr auto group = "readers";
constexpr auto patience = 30s;
using partitions = std::set<std::int32_t>;
const partitions all_partitions{0, 1, 2};

/// A member as it sees itself, and the way to whoever coordinates its group.
struct member {
  scenario& s;
  std::string id;
  std::int32_t epoch = 0;
  partitions owned, wanted;
  topic_id topic;
  std::int16_t failed = 0;

  /// One heartbeat, to the coordinator wherever it is by now. What it is not to have it has let go before.
  void beat() {
    std::erase_if(owned, [this](auto p) { return !wanted.contains(p); });
    kafka::consumer_group_heartbeat_request r;
    r.group_id = group;
    r.member_id = id;
    r.member_epoch = epoch;
    r.rebalance_timeout_ms = 10'000;
    r.subscribed_topic_names = {std::string{scenario::topic}};
    auto& parts = r.topic_partitions.emplace();
    if (!owned.empty())
      parts.push_back({topic, {owned.begin(), owned.end()}});
    const auto m = ask<kafka::consumer_group_heartbeat_response>(r, 1);
    BOOST_REQUIRE(m);
    failed = m->error_code;
    if (failed != 0)
      return;
    epoch = m->member_epoch;
    if (!m->assignment)
      return;
    wanted.clear();
    for (const auto& part : m->assignment->topic_partitions) {
      topic = part.topic_id;
      wanted.insert(part.partitions.begin(), part.partitions.end());
    }
    owned.insert(wanted.begin(), wanted.end());  // what is given away is let go with the next heartbeat
  }

  std::int16_t commit(std::int32_t partition, std::int64_t offset) {
    kafka::offset_commit_request r;
    r.group_id = group;
    r.member_id = id;
    r.generation_id_or_member_epoch = epoch;
    r.topics.emplace_back().name = scenario::topic;
    r.topics[0].partitions.push_back({partition, offset, -1, ""});
    const auto m = ask<kafka::offset_commit_response>(r, 9);
    return m ? m->topics.at(0).partitions.at(0).error_code : std::int16_t{-1};
  }

  /// Asks every node for the coordinator until one answers as that.
  template <class Response, class Request>
  std::optional<Response> ask(const Request& request, std::int16_t version) {
    kafka::find_coordinator_request seek;
    seek.coordinator_keys = {group};
    const auto is_elsewhere = [](const Response& m) {
      std::int16_t code = 0;
      if constexpr (requires { m.error_code; })
        code = m.error_code;
      else
        code = m.topics.at(0).partitions.at(0).error_code;
      return code == kafka::code_of(error_code::not_coordinator)
             || code == kafka::code_of(error_code::coordinator_not_available)
             || code == kafka::code_of(error_code::coordinator_load_in_progress);
    };
    for (const auto until = s.in().now() + patience; s.in().now() < until; s.in().run_for(50ms)) {
      for (std::int32_t node = 1; node <= 3; ++node) {
        const auto told = s.ask<kafka::find_coordinator_response>(s.address_of(node), seek, 4);
        if (!told || told->coordinators.at(0).error_code != 0)
          continue;
        at = told->coordinators[0].node_id;
        const auto m = s.ask<Response>(s.address_of(at), request, version);
        if (m && !is_elsewhere(*m))
          return *m;
      }
    }
    return std::nullopt;
  }
  std::int32_t at = 0;  ///< the node that answered last
};

/// The coordinator's node dies and comes back.
void move_coordinator(member& m) {
  const auto old = m.at;
  m.s.node(old).crash();
  m.s.in().run_for(2s);
  m.s.node(old).start();
  BOOST_TEST(m.s.await_in_sync(scenario::other_than(old), 3));
}

bool are_apart(const member& a, const member& b) {
  return std::none_of(a.owned.begin(), a.owned.end(), [&](auto p) { return b.owned.contains(p); });
}

scenario with_groups(std::uint64_t seed) {
  return scenario{seed, {"group.consumer.session.timeout.ms=30000"}};
}

}  // namespace

/// The steps of a second member's coming; the coordinator moves after the one with the number `moves_after`.
void share_between_two(std::uint64_t seed, int moves_after) {
  BOOST_TEST_CONTEXT("seed " << seed << ", moves after step " << moves_after) {
    auto s = with_groups(seed);
    member a{.s = s, .id = "a"}, b{.s = s, .id = "b"};
    const std::function<void()> steps[] = {[&] { a.beat(); }, [&] { b.beat(); }, [&] { a.beat(); }, [&] { b.beat(); },
                                           [&] { a.beat(); }, [&] { b.beat(); }};
    for (int step = 0; step < 6; ++step) {
      steps[step]();
      BOOST_TEST(a.failed + b.failed == 0);
      BOOST_TEST(are_apart(a, b));
      if (step == moves_after)
        move_coordinator(a);
    }
    for (int i = 0; i < 4; ++i) {
      a.beat();
      b.beat();
    }
    auto both = a.owned;
    both.insert(b.owned.begin(), b.owned.end());
    BOOST_TEST((both == all_partitions));
    BOOST_TEST(are_apart(a, b));
    BOOST_TEST(!a.owned.empty());
    BOOST_TEST(!b.owned.empty());
    s.end_well();
  }
}

BOOST_AUTO_TEST_CASE(a_reconciliation_goes_on_at_each_of_its_steps_when_the_coordinator_dies) {
  for (int moves_after = 0; moves_after < 6; ++moves_after)
    share_between_two(1 + static_cast<std::uint64_t>(moves_after), moves_after);
}

BOOST_AUTO_TEST_CASE(G06_a_former_reader_of_a_partition_commits_nothing_at_any_coordinator) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    auto s = with_groups(seed);
    member a{.s = s, .id = "a"}, b{.s = s, .id = "b"};
    a.beat();
    BOOST_TEST((a.owned == all_partitions));
    BOOST_TEST(a.commit(2, 5) == 0);
    auto former = a;  // hears nothing from here on
    b.beat();
    for (int i = 0; i < 4; ++i) {
      a.beat();
      b.beat();
    }
    BOOST_REQUIRE(!b.owned.empty());
    const auto taken = *b.owned.begin();
    BOOST_TEST(b.commit(taken, 9) == 0);
    BOOST_TEST(former.commit(taken, 6) == kafka::code_of(error_code::stale_member_epoch));
    move_coordinator(b);
    BOOST_TEST(former.commit(taken, 6) == kafka::code_of(error_code::stale_member_epoch));
    BOOST_TEST(b.commit(taken, 10) == 0);
    s.end_well();
  }
}

BOOST_AUTO_TEST_CASE(a_group_that_has_changed_its_protocol_has_done_so_for_the_next_coordinator) {
  for (const std::uint64_t seed : {1, 2}) {
    auto s = with_groups(seed);
    member a{.s = s, .id = "a"};
    a.beat();
    kafka::join_group_request join;
    join.group_id = group;
    join.session_timeout_ms = join.rebalance_timeout_ms = 30'000;
    join.protocol_type = "consumer";
    auto& p = join.protocols.emplace_back();
    p.name = "range";
    kafka::writer subscription;
    subscription.write(std::int16_t{0});
    subscription.write_array(std::vector<std::string>{scenario::topic}, 0, false);
    subscription.write(std::int32_t{-1});
    p.metadata = flatten(std::move(subscription).finish());
    const auto is_in = a.ask<kafka::join_group_response>(join, 3);
    BOOST_REQUIRE(is_in);
    BOOST_TEST(is_in->error_code == 0);
    kafka::consumer_group_heartbeat_request leaves;
    leaves.group_id = group;
    leaves.member_id = "a";
    leaves.member_epoch = -1;
    const auto has_left = a.ask<kafka::consumer_group_heartbeat_response>(leaves, 1);
    BOOST_REQUIRE(has_left);
    BOOST_TEST(has_left->error_code == 0);
    move_coordinator(a);
    member late{.s = s, .id = "late", .epoch = 1};
    late.beat();
    BOOST_TEST(late.failed == kafka::code_of(error_code::group_id_not_found));  // it is a classic group now
    member c{.s = s, .id = "c"};
    c.beat();
    BOOST_TEST(c.failed == 0);  // and becomes a consumer group again, with its classic member
    BOOST_TEST(c.epoch > 0);
    s.end_well();
  }
}
