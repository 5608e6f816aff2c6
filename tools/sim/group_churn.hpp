#pragma once

#include "tools/sim/churning_member.hpp"
#include "tools/sim/group_oracle.hpp"
#include "tools/sim/simulated_cluster.hpp"

#include <memory>
#include <string>
#include <vector>

namespace troupe::cluster_sim {

/// By which protocol the members of a group are members.
enum class group_protocol : std::uint8_t { classic, consumer };

/// A few consumers of one group that come and go while faults happen; in the end all of them must be members of one
/// generation, or epoch, own all partitions among them, and have committed in it.
class group_churn {
 public:
  /// `cluster` and `defects` outlive it.
  group_churn(simulated_cluster& cluster, group_protocol by, std::vector<std::string>& defects);

  void start();
  /// From now on nobody leaves.
  void settle();
  bool is_settled() const;
  /// Nobody does anything any more.
  void stop();
  std::string describe() const;
  /// Commits that were acknowledged.
  std::uint64_t acknowledged_count() const { return oracle_.acknowledged_count(); }

 private:
  group_oracle oracle_;
  std::vector<std::unique_ptr<churning_member>> members_;
};

}  // namespace troupe::cluster_sim
