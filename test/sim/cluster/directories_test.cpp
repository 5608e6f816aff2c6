// Logs that move between the directories of their node while they are used (KIP-113), also when the node dies.
#include "runtime/node/context.hpp"
#include "test/sim/cluster/scenario.hpp"

#include "schema/kafka/alter_replica_log_dirs.hpp"
#include "schema/kafka/describe_log_dirs.hpp"

#include <boost/test/unit_test.hpp>

using namespace troupe;
using namespace troupe::cluster_sim;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t seeds[] = {1, 2, 3};
constexpr auto first = "/data", second = "/more";

scenario with_two_directories(std::uint64_t seed, std::vector<std::string> more = {}) {
  more.push_back("log.dirs=/data,/more");
  return scenario{seed, std::move(more)};
}

/// Asks node `id` to bring partition 0 to `directory`; the error code, -1 without an answer.
std::int16_t bring(scenario& s, std::int32_t id, const std::string& directory) {
  kafka::alter_replica_log_dirs_request r;
  auto& dir = r.dirs.emplace_back();
  dir.path = directory;
  auto& topic = dir.topics.emplace_back();
  topic.name = scenario::topic;
  topic.partitions = {0};
  const auto told = s.ask<kafka::alter_replica_log_dirs_response>(s.address_of(id), r, 2);
  return told ? told->results.at(0).partitions.at(0).error_code : std::int16_t{-1};
}

/// Where node `id` has partition 0, and where it moves it to.
struct place {
  std::string now, future;
};

place place_at(scenario& s, std::int32_t id) {
  kafka::describe_log_dirs_request r;
  r.topics.reset();
  const auto told = s.ask<kafka::describe_log_dirs_response>(s.address_of(id), r, 4);
  place out;
  if (told)
    for (const auto& dir : told->results)
      for (const auto& topic : dir.topics)
        for (const auto& p : topic.partitions)
          if (topic.name == scenario::topic && p.partition_index == 0)
            (p.is_future_key ? out.future : out.now) = dir.log_dir;
  return out;
}

bool await_place(scenario& s, std::int32_t id, const std::string& directory) {
  for (const auto until = s.in().now() + 30s; s.in().now() < until; s.in().run_for(20ms))
    if (const auto at = place_at(s, id); at.now == directory && at.future.empty())
      return true;
  return false;
}

std::string other(const std::string& directory) { return directory == first ? second : first; }

}  // namespace

BOOST_AUTO_TEST_CASE(a_leaders_and_a_followers_log_move_while_records_come) {
  for (const auto seed : seeds) {
    auto s = with_two_directories(seed);
    const auto leader = s.await_leader(1);
    std::map<std::int64_t, std::string> kept;
    for (int i = 0; i < 20; ++i)
      kept[s.append(leader, "before " + std::to_string(i))] = "before " + std::to_string(i);
    for (const auto id : {leader, s.other_than(leader)}) {
      const auto to = other(place_at(s, id).now);
      BOOST_TEST(bring(s, id, to) == 0);
      for (int i = 0; i < 20; ++i) {
        const auto value = "meanwhile " + std::to_string(id) + " " + std::to_string(i);
        kept[s.append(leader, value)] = value;
      }
      BOOST_TEST(await_place(s, id, to));
    }
    BOOST_TEST(s.await_leader(1) == leader);  // nobody else had to lead
    s.node(leader).crash();
    s.node(leader).start();
    s.in().run_for(1s);
    BOOST_TEST(s.await_in_sync(s.other_than(leader), 3));
    s.append(s.other_than(leader), "behind all others");
    const auto found = s.read(s.await_leader(1));
    for (const auto& [at, value] : kept)
      BOOST_TEST(holds(found, at, value), value << " at " << at << ", seed " << seed);
    s.end_well();
  }
}

BOOST_AUTO_TEST_CASE(a_move_goes_no_faster_than_its_rate_and_can_be_called_off) {
  auto s = with_two_directories(1, {"replica.alter.log.dirs.io.max.bytes.per.second=10000"});
  const auto leader = s.await_leader(1);
  for (int i = 0; i < 4; ++i)
    s.append(leader, std::string(50'000, 'x'));
  const auto from = place_at(s, leader).now, to = other(from);
  BOOST_TEST(bring(s, leader, to) == 0);
  s.in().run_for(3s);
  BOOST_TEST(place_at(s, leader).now == from);
  BOOST_TEST(place_at(s, leader).future == to);
  BOOST_TEST(bring(s, leader, from) == 0);
  s.in().run_for(100ms);
  BOOST_TEST(place_at(s, leader).future.empty());
  BOOST_TEST(s.append(leader, "after") > 0);
  s.end_well();
}

BOOST_AUTO_TEST_CASE(a_node_that_dies_while_a_log_moves_has_it_in_one_place_whole) {
  // Each operation on the disk from the wish on is the last one of its own run, with the strictest loss of power.
  int moved = 0, stayed = 0;
  for (std::uint64_t step = 1; step <= 60; ++step) {
    auto s = with_two_directories(1 + step % 3);
    const auto leader = s.await_leader(1);
    const auto committed = s.append(leader, "committed");
    s.in().run_for(1s);
    const auto to = other(place_at(s, leader).now);
    s.node(leader).crash_at_disk_op(step, sim::power_cut{sim::power_loss_mode::weakest, step});
    bring(s, leader, to);
    s.in().run_until([&] { return !s.node(leader).is_running(); }, 5s);
    s.node(leader).spare();
    s.node(leader).crash();
    s.node(leader).start();
    s.in().run_for(1s);
    const auto asked = s.other_than(leader);
    BOOST_REQUIRE(s.await_in_sync(asked, 3));
    const auto after = place_at(s, leader);
    BOOST_TEST(after.future.empty());
    (after.now == to ? moved : stayed) += 1;
    BOOST_REQUIRE_MESSAGE(s.let_lead(leader, asked), "step " << step);
    BOOST_TEST(holds(s.read(leader), committed, "committed"));
    s.end_well();
  }
  BOOST_TEST(moved > 0);
  BOOST_TEST(stayed > 0);
}
