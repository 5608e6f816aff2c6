#pragma once

#include "tools/sim/cluster_run.hpp"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace troupe::cluster_sim {

/// What is told of one seed of a campaign.
struct seed_report {
  std::uint64_t seed = 0;
  std::uint64_t hash = 0;
  std::vector<std::string> wrong;  ///< empty: all is well
  std::chrono::nanoseconds lasted{0};
  std::map<std::string, std::uint64_t> faults;  ///< planned, by kind
  std::map<std::string, std::uint64_t> probes;
};

/// Many runs that differ in their seed only.
struct campaign {
  std::uint64_t first = 1;
  std::uint64_t last = 1;
  run_options how;          ///< its seed does not count
  unsigned jobs = 1;        ///< processes that run seeds side by side
  bool ends_early = false;  ///< with the first failure
};

/// Runs a campaign and returns the reports in the order of their seeds; `done` hears of each as it comes. The runs
/// happen in processes of their own, so that the caller may have no other threads. Errors: `bad_plan`, when such a
/// process cannot be made or ends before its work is done, naming the seed it was at.
expected<std::vector<seed_report>> run_campaign(const campaign& what,
                                                const std::function<void(const seed_report&)>& done);

/// One hash over all traces, in the order of the seeds.
std::uint64_t hash_of(const std::vector<seed_report>& all);

/// The smallest plan found that still fails with these options, which failed with `plan`.
sim::fault_plan shrink_run(const run_options& options, const sim::fault_plan& plan, std::size_t runs_most = 200);

}  // namespace troupe::cluster_sim
