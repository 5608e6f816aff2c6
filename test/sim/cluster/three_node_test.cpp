#include "tools/sim/three_node_run.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdlib>

namespace {

using namespace troupe;
using namespace troupe::cluster_sim;

/// How many seeds to try; more in long runs.
std::uint64_t seeds() {
  const auto* said = std::getenv("TROUPE_SEEDS");
  return said ? std::strtoull(said, nullptr, 10) : 40;
}

std::string report(std::uint64_t seed, const sim::fault_plan& plan, const cluster_result& result) {
  auto text = "seed " + std::to_string(seed) + "\n" + sim::to_string(plan);
  for (std::size_t i = 0; i < std::min<std::size_t>(result.wrong.size(), 10); ++i)
    text += result.wrong[i] + "\n";
  return text + result.events;
}

}  // namespace

BOOST_AUTO_TEST_CASE(three_nodes_without_faults_serve_their_clients) {
  const auto result = run_three_nodes({.seed = 1}, {});
  if (!result.wrong.empty())
    BOOST_ERROR(report(1, {}, result));
  BOOST_TEST(result.acknowledged > 200u);
}

BOOST_AUTO_TEST_CASE(three_nodes_keep_what_they_acknowledged_and_serve_again_when_all_is_healed) {
  std::size_t acknowledged = 0;
  for (std::uint64_t seed = 1; seed <= seeds(); ++seed) {
    const auto plan = plan_of_three_nodes({.seed = seed});
    const auto result = run_three_nodes({.seed = seed}, plan);
    if (!result.wrong.empty())
      BOOST_ERROR(report(seed, plan, result));
    acknowledged += result.acknowledged;
  }
  BOOST_TEST_MESSAGE(acknowledged << " records acknowledged");
  BOOST_TEST(acknowledged > seeds());
}
