#pragma once

#include "tools/sim/churning_member.hpp"
#include "tools/sim/client.hpp"
#include "tools/sim/group_oracle.hpp"

#include "schema/kafka/find_coordinator.hpp"
#include "schema/kafka/join_group.hpp"
#include "schema/kafka/sync_group.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace troupe::cluster_sim {

/// One consumer of a group of the classic protocol, as real ones behave: finds the coordinator, joins, assigns when it
/// leads, reads the committed offsets of what it was given, then heartbeats and commits, and starts over when it is
/// told to. Now and then it leaves, or falls silent and forgets its id. It consumes nothing: what it commits are
/// numbers that no member commits twice, so that `group_oracle` can tell them apart.
class group_member : public churning_member {
 public:
  /// `oracle` outlives it.
  group_member(sim::world& in, const std::string& host, std::vector<endpoint> brokers, group_oracle& oracle);

  void start() override;
  void settle() override { is_settling_ = true; }
  bool is_settled() const override { return is_settling_ && settled_in_ == generation_ && generation_ >= 0; }
  void stop() override { is_stopped_ = true; }
  std::int32_t generation() const override { return generation_; }
  std::size_t owned_count() const override { return owned_.size(); }
  std::string describe() const override;

 private:
  void find();
  void found(const kafka::find_coordinator_response& m);
  void join();
  void joined(const kafka::join_group_response& m);
  void sync(const kafka::join_group_response& m);
  void synced(const kafka::sync_group_response& m);
  void fetch();
  void work();
  void heartbeat();
  void commit();
  void leave();
  /// What a consumer does with an error of its coordinator's.
  void react(std::int16_t code);
  void lose_contact();
  void forget();
  void soon(void (group_member::*step)());
  template <class Response, class Request>
  void ask(const Request& request, std::int16_t version, std::chrono::nanoseconds patience,
           void (group_member::*then)(const Response&));

  client by_;
  sim::prng random_;
  const std::vector<endpoint> brokers_;
  group_oracle& oracle_;
  std::optional<endpoint> coordinator_;
  std::string member_id_;
  std::int32_t generation_ = -1;
  bool is_member_ = false;            ///< of that generation, and has been told what it owns
  std::vector<std::int32_t> owned_;
  std::int32_t settled_in_ = -1;
  bool is_settling_ = false;
  bool is_stopped_ = false;
  std::string at_ = "not begun";
};

}  // namespace troupe::cluster_sim
