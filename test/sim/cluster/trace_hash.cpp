// Prints the trace hashes of runs with the seeds from 1 on: two processes must print the same.
#include "test/sim/cluster/one_node_run.hpp"

#include <cstdlib>
#include <iostream>

int main(int argc, char** argv) {
  const auto seeds = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 10;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed)
    std::cout << seed << ' '
              << troupe::cluster_sim::run_one_node(seed, troupe::cluster_sim::plan_of_one_node(seed)).hash << '\n';
}
