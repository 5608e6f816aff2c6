#pragma once

#include "tools/sim/churning_member.hpp"
#include "tools/sim/client.hpp"
#include "tools/sim/group_oracle.hpp"

#include "schema/kafka/consumer_group_heartbeat.hpp"
#include "schema/kafka/find_coordinator.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace troupe::cluster_sim {

/// One consumer of a group of the consumer protocol (KIP-848), as real ones behave: heartbeats at the pace that it is
/// told, gives up what it is not to have any more and says so, tells everything again after an answer that did not
/// come, and starts anew when it is fenced. Commits and reads offsets of what it owns as `group_member` does; now and
/// then it leaves, or falls silent and comes back as another member.
class consumer_member : public churning_member {
 public:
  /// `oracle` outlives it.
  consumer_member(sim::world& in, const std::string& host, std::vector<endpoint> brokers, group_oracle& oracle);

  void start() override;
  void settle() override { is_settling_ = true; }
  bool is_settled() const override { return is_settling_ && epoch_ > 0 && settled_in_ == epoch_; }
  void stop() override { is_stopped_ = true; }
  std::int32_t generation() const override { return epoch_; }
  std::size_t owned_count() const override { return owned_.size(); }
  std::string describe() const override;

 private:
  void find();
  void work();
  void heartbeat();
  void heard(const kafka::consumer_group_heartbeat_response& m);
  void take(const kafka::consumer_group_heartbeat_response_member_assignment& given);
  void let_go();
  void fetch(std::vector<std::int32_t> of);
  void commit();
  void leave();
  void start_anew();
  void lose_contact();
  void soon(void (consumer_member::*step)());

  client by_;
  sim::prng random_;
  const std::vector<endpoint> brokers_;
  group_oracle& oracle_;
  std::optional<endpoint> coordinator_;
  std::uint64_t lives_ = 0;  ///< it has had, each with a member id of its own
  std::int32_t epoch_ = 0;
  topic_id topic_;
  std::map<std::int32_t, std::int32_t> owned_;  ///< partition → epoch in which it was given
  std::set<std::int32_t> wanted_;               ///< that it is to own
  bool tells_all_ = true;
  std::int32_t settled_in_ = -1;
  bool is_settling_ = false;
  bool is_stopped_ = false;
  std::string at_ = "not begun";
};

}  // namespace troupe::cluster_sim
