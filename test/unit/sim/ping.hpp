#pragma once

#include "runtime/sim/world.hpp"

#include <memory>
#include <vector>

/// Two actors that play ping-pong over the network, for tests of worlds.
namespace troupe::sim::test {

/// What a player has seen, told to the test; outlives the world.
struct score {
  std::vector<int> numbers;  ///< of the pongs that came
  int lost_connections = 0;
  int failed_dials = 0;
};

/// Answers "ping n" with "pong n" on port 7.
boot make_ponger();
/// Dials `to`, sends pings one after the other, and dials again 100 ms after a connection or a dial has failed.
boot make_pinger(std::string to, std::shared_ptr<score> told);

}  // namespace troupe::sim::test
