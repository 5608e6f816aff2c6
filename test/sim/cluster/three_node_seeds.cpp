// sim_seeds FROM TO [trace]: runs three nodes with the seeds from FROM to TO, a line and a trace hash each; what is
// wrong with a run stands under its line. With "trace", every event too.
#include "test/sim/cluster/three_node_run.hpp"

#include <cstdlib>
#include <iostream>

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: sim_seeds FROM TO [trace]\n";
    return 2;
  }
  int failures = 0;
  const auto to = std::strtoull(argv[2], nullptr, 10);
  for (auto seed = std::strtoull(argv[1], nullptr, 10); seed <= to; ++seed) {
    const auto plan = troupe::sim_test::plan_of_three_nodes(seed);
    troupe::sim::trace::listener listen;
    if (argc > 3)
      listen = [](const std::string& line) { std::cout << line << '\n'; };
    const auto result = troupe::sim_test::run_three_nodes(seed, plan, listen);
    std::cout << "seed " << seed << ' ' << std::hex << result.hash << std::dec << ' ' << result.acknowledged
              << " acknowledged, " << result.read << " read, " << result.starts << " starts, " << result.messages
              << " messages, " << result.idle_messages << " of them idle" << std::endl;
    if (result.wrong.empty())
      continue;
    ++failures;
    std::cout << troupe::sim::to_string(plan);
    for (const auto& wrong : result.wrong)
      std::cout << "  wrong: " << wrong << '\n';
    std::cout << result.events << std::endl;
  }
  return failures == 0 ? 0 : 1;
}
