#pragma once

#include "tools/sim/group_member.hpp"
#include "tools/sim/simulated_cluster.hpp"

#include "schema/kafka/consumer_group_describe.hpp"

#include <memory>
#include <string>
#include <vector>

namespace troupe::cluster_sim {

/// A few consumers of one group that come and go while faults happen, of the classic protocol, the consumer protocol or
/// both, as the seed has it. In the end all of them must be members of one generation, own all partitions among them in
/// equal shares, and have committed in it, and the coordinator must tell the same of them.
class group_churn {
 public:
  /// `cluster` and `defects` outlive it.
  group_churn(simulated_cluster& cluster, std::vector<std::string>& defects);

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
  group_oracle::seat coordinator();
  bool are_settled() const;
  void look();
  std::string wrong_with(const kafka::consumer_group_describe_response& told) const;

  simulated_cluster& cluster_;
  group_kind kind_;
  group_oracle::seat coordinator_;  ///< the newest one that was seen
  group_oracle oracle_;
  std::vector<std::unique_ptr<group_member>> members_;
  client looks_;
  std::int32_t described_in_ = -1;  ///< generation in which the coordinator told what the members know
  std::string told_ = "nothing";    ///< the coordinator, when it was asked last
  bool is_stopped_ = false;
};

}  // namespace troupe::cluster_sim
