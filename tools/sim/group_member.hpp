#pragma once

#include "runtime/kafka/errors.hpp"
#include "tools/sim/client.hpp"
#include "tools/sim/group_oracle.hpp"

#include "schema/kafka/consumer_group_heartbeat.hpp"
#include "schema/kafka/find_coordinator.hpp"
#include "schema/kafka/heartbeat.hpp"
#include "schema/kafka/join_group.hpp"
#include "schema/kafka/offset_commit.hpp"
#include "schema/kafka/offset_fetch.hpp"
#include "schema/kafka/sync_group.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace troupe::cluster_sim {

/// Which protocols the members of a group use.
enum class group_kind : std::uint8_t { classic, consumer, mixed };

/// One consumer of a group, as real ones behave. Of the classic protocol: joins, assigns when it leads, gives
/// everything up before a round or goes on reading during it; of the consumer protocol (KIP-848): heartbeats, gives up
/// what it is told to, and says what it owns. It reads the committed offsets of what it was given, commits, and starts
/// over when it is told to. Now and then it leaves, falls silent for good or for a while, and comes back; in a mixed
/// group perhaps with the other protocol. It consumes nothing: what it commits are numbers that no member commits
/// twice, so that `group_oracle` can tell them apart.
class group_member {
 public:
  static constexpr auto group = "members";
  /// After so long a silence, and to join a round or to give partitions up.
  static constexpr std::chrono::seconds session_timeout{6}, rebalance_timeout{6};

  /// `oracle` outlives it. Members of the consumer protocol may read further topics, whose offsets nobody commits.
  group_member(sim::world& in, const std::string& host, std::vector<endpoint> brokers, group_kind kind,
               std::vector<std::string> more_topics, group_oracle& oracle);

  /// Works until `settle` is called, and from then on until its commits are acknowledged.
  void start() { begin(); }
  /// Leaves no more: a member that stays with the others.
  void settle() { is_settling_ = true; }
  /// Has been told what it owns, and has committed all of it in that generation since it settles.
  bool is_settled() const;
  /// Does nothing any more.
  void stop() { is_stopped_ = true; }
  /// Of the consumer protocol: its epoch.
  std::int32_t generation() const { return generation_; }
  const group_oracle::partitions& owned() const { return owned_; }
  const std::string& id() const { return member_id_; }
  bool is_classic() const { return is_classic_; }
  std::string describe() const;

 private:
  using step = void (group_member::*)();

  // group_member.cpp
  void begin();
  void find();
  void found(const kafka::find_coordinator_response& m);
  void go_on();
  void work();
  void fetch();
  void take(const kafka::offset_fetch_response& m, const std::vector<std::int64_t>& since,
            const group_oracle::partitions& of);
  void commit();
  void take(const kafka::offset_commit_response& m, const std::vector<std::int64_t>& sent, std::int32_t in);
  void doze();
  void die();
  void react(std::int16_t code);
  void lose_contact();
  void lose_everything();
  void give_up(const group_oracle::partitions& some);
  void own(const group_oracle::partitions& all, const group_oracle::question& q);
  void soon(step next);
  void after(std::chrono::nanoseconds delay, step next);
  group_oracle::partitions to_commit() const;
  std::chrono::nanoseconds some_of(std::chrono::nanoseconds most);
  template <class Response, class Request>
  void ask(const Request& request, std::int16_t version, std::chrono::nanoseconds patience,
           std::function<void(const Response&, const group_oracle::question&)> then);

  // group_member_classic.cpp
  void join();
  void joined(const kafka::join_group_response& m);
  void sync(const kafka::join_group_response& m);
  void synced(const kafka::sync_group_response& m, const group_oracle::question& q);
  void heartbeat();
  void leave_classic();
  void react_classic(kafka::error_code code);
  byte_slice subscription() const;

  // group_member_consumer.cpp
  void live();
  void beat();
  void take(const kafka::consumer_group_heartbeat_response& m, const group_oracle::partitions& said,
            const group_oracle::question& q);
  void take_assignment(const group_oracle::question& q);
  void leave_consumer();
  void react_consumer(kafka::error_code code);

  client by_;
  sim::prng random_;
  const std::vector<endpoint> brokers_;
  const group_kind kind_;
  const std::vector<std::string> more_topics_;
  group_oracle& oracle_;
  std::optional<std::string> instance_;  ///< of a static member

  // -- one life of the process --------------------------------------------------------------------------------------

  int lives_ = 0;
  group_oracle::reader reader_ = 0;
  bool is_classic_ = true;
  bool is_eager_ = true;  ///< gives everything up before a round
  std::optional<endpoint> coordinator_;
  std::string member_id_;
  std::int32_t generation_ = -1;
  bool is_member_ = false;             ///< of that generation, and has been told what it owns
  group_oracle::partitions owned_;     ///< reads
  group_oracle::partitions unread_;    ///< of these, those whose committed offsets it does not know yet

  // -- of the consumer protocol -------------------------------------------------------------------------------------

  group_oracle::partitions wanted_;    ///< is to read
  std::optional<group_oracle::partitions> said_;  ///< that it owns, and was heard
  sim::virtual_time beat_due_{0};
  sim::virtual_time gives_up_at_{0};   ///< what it is to read no more

  std::int32_t settled_in_ = -1;
  bool is_settling_ = false;
  bool is_stopped_ = false;
  std::string at_ = "not begun";
};

}  // namespace troupe::cluster_sim
