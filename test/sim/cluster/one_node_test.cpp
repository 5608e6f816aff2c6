#include "runtime/sim/shrink.hpp"
#include "test/sim/cluster/appends.hpp"
#include "test/sim/cluster/one_node_run.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>

namespace {

using namespace troupe;
using namespace troupe::cluster_sim;

/// How many seeds to try; more in long runs.
std::uint64_t seeds() {
  const auto* said = std::getenv("TROUPE_SEEDS");
  return said ? std::strtoull(said, nullptr, 10) : 200;
}

std::string report(std::uint64_t seed, const sim::fault_plan& plan, const run_result& result) {
  const auto small = sim::shrink(plan, [&](const sim::fault_plan& p) { return !run_one_node(seed, p).wrong.empty(); });
  auto text = "seed " + std::to_string(seed) + "\n";
  for (std::size_t i = 0; i < std::min<std::size_t>(result.wrong.size(), 10); ++i)
    text += result.wrong[i] + "\n";
  return text + "smallest plan that fails:\n" + sim::to_string(small) + run_one_node(seed, small).events;
}

void run_all_seeds(bool disk_fails) {
  std::size_t acknowledged = 0;
  std::uint64_t starts = 0;
  std::uint64_t messages = 0;
  for (std::uint64_t seed = 1; seed <= seeds(); ++seed) {
    const auto plan = plan_of_one_node(seed, disk_fails);
    const auto result = run_one_node(seed, plan);
    if (!result.wrong.empty())
      BOOST_ERROR(report(seed, plan, result));
    acknowledged += result.acknowledged;
    starts += result.starts;
    messages += result.messages;
  }
  BOOST_TEST_MESSAGE(acknowledged << " records acknowledged, " << starts << " starts, " << messages << " messages");
  BOOST_TEST(acknowledged > seeds());
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_node_without_faults_serves_its_clients) {
  const auto result = run_one_node(1, {});
  if (!result.wrong.empty())
    BOOST_ERROR(report(1, {}, result));
  BOOST_TEST(result.acknowledged > 200);
}

BOOST_AUTO_TEST_CASE(what_a_node_acknowledged_is_there_after_crashes_and_losses_of_power) {
  run_all_seeds(false);
}

BOOST_AUTO_TEST_CASE(what_a_node_acknowledged_is_there_although_calls_to_its_disk_fail) {
  run_all_seeds(true);
}

BOOST_AUTO_TEST_CASE(the_judge_sees_what_is_lost_doubled_moved_or_foreign) {
  append_history h;
  h.sent = {"a", "b", "c"};
  h.acknowledged = {{"a", 0}, {"b", 1}};
  h.read = {{0, "a"}};
  BOOST_TEST(judge(h, {{0, "a"}, {1, "b"}}).empty());
  BOOST_TEST(judge(h, {{0, "a"}, {1, "b"}, {2, "c"}}).empty());
  BOOST_TEST(judge(h, {{0, "a"}}).at(0) == "b, acknowledged at 1, is lost");
  BOOST_TEST(judge(h, {{0, "a"}, {1, "b"}, {2, "b"}}).at(0) == "b is at 1 and at 2");
  BOOST_TEST(judge(h, {{0, "a"}, {2, "b"}}).at(0) == "b, acknowledged at 1, is at 2");
  BOOST_TEST(judge(h, {{0, "a"}, {1, "b"}, {2, "x"}}).at(0) == "x at 2 was never sent");
  h.acknowledged.erase("a");
  BOOST_TEST(judge(h, {{1, "b"}}).at(0) == "a, read at 0, is not there any more");
}
