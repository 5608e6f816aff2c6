#pragma once

#include <cstdint>
#include <string>

namespace troupe::tools {

/// What `troupe sim` was told.
struct sim_options {
  std::string seeds = "1..20";  ///< A..B, or one
  double minutes = 1.0 / 3;     ///< virtual time in which faults happen
  std::string faults = "all";
  std::int32_t nodes = 0;       ///< 1, 3 or 5; 0: drawn by each seed
  bool idle = false;
  unsigned jobs = 0;            ///< 0: the number of processors
  std::string out = "troupe-sim";
  std::string replay;           ///< a file of an earlier run
  bool timeline = false;
  std::string picture;          ///< a file that ends with .svg or .html
  bool events = false;
  bool mutants = false;
  std::string only;             ///< of the mutants
  std::uint64_t seeds_most = 0;  ///< a mutant's; 0: as the catalogue says
};

/// Runs clusters in simulated worlds; the process's exit code: 1 when a run failed, 2 for bad options.
int sim(const sim_options& options);

}  // namespace troupe::tools
