#pragma once

#include "runtime/sim/prng.hpp"
#include "tools/sim/client.hpp"

#include "schema/kafka/describe_quorum.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace troupe::cluster_sim {

class simulated_cluster;

/// Somebody who runs a cluster: now and then partitions of its topic get other replicas, moves are cancelled, preferred
/// leaders are asked for, and voters are taken out of the quorum, which they join again by themselves. What no sound
/// cluster answers is a defect.
class cluster_operator {
 public:
  /// Both outlive it. Without `removes_voters` all nodes stay voters: of two voters none may lose its disk.
  cluster_operator(simulated_cluster& cluster, std::vector<std::string>& defects, bool removes_voters);

  /// Works until `stop`.
  void start();
  /// What is under way is answered, or given up, before it is idle.
  void stop() { is_stopped_ = true; }
  bool is_idle() const { return is_idle_; }

 private:
  void next_soon();
  void go_on();
  void move();
  void cancel_move();
  void elect_preferred();
  void find_voter();
  void remove_one_of(const kafka::describe_quorum_response& quorum);
  void answered(const std::string& what, std::int16_t code, const std::string& said);
  endpoint any_node();
  std::int32_t any_partition();

  simulated_cluster& cluster_;
  std::vector<std::string>& defects_;
  const bool removes_voters_;
  client by_;
  sim::prng random_;
  bool is_stopped_ = true;
  bool is_idle_ = true;
};

}  // namespace troupe::cluster_sim
