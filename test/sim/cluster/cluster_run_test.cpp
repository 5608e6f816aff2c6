#include "tools/sim/cluster_run.hpp"

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

BOOST_AUTO_TEST_CASE(clusters_without_faults_serve_their_clients) {
  for (const std::int32_t nodes : {1, 3, 5}) {
    const auto result = run_cluster({.seed = 1, .nodes = nodes}, {});
    if (!result.wrong.empty())
      BOOST_ERROR(std::to_string(nodes) + " nodes, " + report(1, {}, result));
    BOOST_TEST(result.acknowledged > 200u);
  }
}
