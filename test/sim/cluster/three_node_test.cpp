#include "tools/sim/three_node_run.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

namespace {

using namespace troupe;
using namespace troupe::cluster_sim;

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
