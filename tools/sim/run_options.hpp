#pragma once

#include "runtime/sim/fault.hpp"

#include <chrono>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

namespace troupe::cluster_sim {

/// What a simulated run of a cluster is like, apart from its plan of faults.
struct run_options {
  std::uint64_t seed = 1;
  std::chrono::seconds faults_for{20};  ///< virtual time in which faults happen, after the cluster has formed
  std::set<sim::fault_action> without;  ///< kinds that are not drawn
  std::int32_t nodes = 0;               ///< 1, 3 or 5; 0: drawn
  bool operates = true;                 ///< topics come and go, partitions and voters move
  bool idle = false;                    ///< no clients work: for finding what stirs without a reason

  bool operator==(const run_options&) const = default;
};

/// Is it one that `run_options::nodes` may have?
bool is_node_count(std::int32_t nodes);

/// The kinds of faults that `words` name: kinds as plans write them ("power-loss"), families (process, disk, clock,
/// network), `all`, `none`; separated by commas. Errors: `bad_plan`, naming the word and what there is.
expected<std::set<sim::fault_action>> parse_kinds(std::string_view words);

/// A run as a text file: the options in lines that begin with "#:", then its plan. Replays by `parse_run_file`.
std::string run_file(const run_options& options, const sim::fault_plan& plan);

/// A run that was read from a file.
struct stored_run {
  run_options options;
  sim::fault_plan plan;
};

/// Errors: `bad_plan`, naming the line.
expected<stored_run> parse_run_file(std::string_view text);

}  // namespace troupe::cluster_sim
