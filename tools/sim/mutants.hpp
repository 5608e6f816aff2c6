#pragma once

#include <cstdint>
#include <string>

namespace troupe::cluster_sim {

/// Which mutants to hunt, and for how long.
struct hunt_options {
  std::string only;              ///< ids, separated by commas; empty: all
  std::uint64_t seeds_most = 0;  ///< for each; 0: as the catalogue says
};

/// Plants one known bug after the other and runs seeds until one fails, or first the test program nearest to the
/// bug: prints for each whether it was caught, and after how many seeds and seconds. Returns the process's exit code: 1
/// when one was not caught, 2 when this build has no mutants.
int hunt_mutants(const hunt_options& options);

}  // namespace troupe::cluster_sim
