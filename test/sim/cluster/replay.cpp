// replay SEED [PLAN_FILE]: prints every event of the run with that seed, and what is wrong with it. Without a file, the
// plan is the one that the test draws for the seed.
#include "test/sim/cluster/one_node_run.hpp"

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: replay SEED [PLAN_FILE]\n";
    return 2;
  }
  const auto seed = std::strtoull(argv[1], nullptr, 10);
  auto plan = troupe::cluster_sim::plan_of_one_node(seed);
  if (argc > 2) {
    std::ostringstream text;
    text << std::ifstream{argv[2]}.rdbuf();
    auto read = troupe::sim::parse_plan(text.str());
    if (!read) {
      std::cerr << troupe::render(read.error()) << '\n';
      return 2;
    }
    plan = std::move(*read);
  }
  std::cout << troupe::sim::to_string(plan);
  const auto result = troupe::cluster_sim::run_one_node(seed, plan, [](const std::string& line) {
    std::cout << line << '\n';
  });
  for (const auto& wrong : result.wrong)
    std::cout << "wrong: " << wrong << '\n';
  return result.wrong.empty() ? 0 : 1;
}
