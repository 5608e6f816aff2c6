#pragma once

#include "runtime/group/coordinator.hpp"
#include "runtime/sim/random.hpp"
#include "test/unit/group/crowd.hpp"

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

/// Consumers of one group that behave as real ones of either protocol do, and now and then come back with the other
/// one. At each step no partition may have two readers; `broken` holds the first promise that was not kept.
namespace troupe::group::test {

/// What the consumers are like.
enum class mixture { consumers, classic, both };

class mixed_crowd {
 public:
  mixed_crowd(std::size_t clients, options with, unsigned seed, mixture of);

  weather now;
  std::string broken;

  /// Time goes on by `ms`, in steps of 20 ms.
  void run(std::int64_t ms);
  /// Another number of partitions from now on.
  void set_partitions(std::int32_t count);
  /// The client hears and is heard no more, and goes on reading what it has.
  void cut_off(std::size_t client);
  /// What that client reads may have another reader by now: its commits must be refused then.
  void commit_of(std::size_t client);
  /// All consumers use this protocol from now on, one after the other.
  void migrate(bool to_classic);

  /// Whether each partition has a reader, and shares differ by one at most.
  bool is_settled() const;
  /// What the group is like, for a message.
  std::string shown() const;
  coordinator& coordinates() { return *coordinator_; }
  std::size_t readers_of(std::int32_t partition) const;
  std::size_t unanswered() const { return asked_.size(); }
  void close();
  const std::vector<log_record>& log() const { return log_; }

 private:
  using partitions = std::set<std::int32_t>;
  enum class phase { away, joining, syncing, working };
  struct reader {
    std::size_t number = 0;
    bool is_classic = false, is_eager = false;
    phase at = phase::away;
    std::int64_t acts_at = 0;
    std::optional<request_id> open;
    std::int64_t gives_up_at = 0;
    std::string id;
    std::int32_t epoch = 0;
    partitions owned, wanted;
    bool tells_all = false;       ///< after an answer that did not come
    std::int64_t revoked_at = 0;  ///< when it has given up what it is not to own
    bool is_cut_off = false;
    std::vector<kafka::join_group_response_member> to_assign;  ///< when it leads
    std::int32_t assigned_of = 0;                              ///< how many partitions there were then
    std::optional<bool> turns_classic;
  };

  moment time() const;
  bool chance(unsigned of_hundred) { return generator_() % 100 < of_hundred; }
  caller who(reader& r, std::int16_t version);
  void begin(reader& r, bool is_classic);
  void act(reader& r);
  void beat(reader& r);
  void join(reader& r);
  void sync(reader& r);
  void classic_beat(reader& r);
  void leave(reader& r);
  void carry_out(effects e);
  void settle_some();
  void take(const answer& one);
  void take(reader& r, const kafka::consumer_group_heartbeat_response& body);
  void take(reader& r, const kafka::join_group_response& body);
  void take(reader& r, const kafka::sync_group_response& body);
  void take(reader& r, const kafka::heartbeat_response& body);
  void take(reader&, const kafka::leave_group_response&) {}
  void take(reader& r, const kafka::offset_commit_response& body);
  template <class Other>
  void take(reader&, const Other&) {}
  void start_over(reader& r, bool forgets_id);
  void own(reader& r, partitions given);
  void move();
  void check();
  byte_slice subscription_of(const reader& r) const;
  std::map<std::string, partitions> shares_of(const reader& leader) const;

  std::vector<reader> readers_;
  options with_;
  mixture of_;
  std::mt19937 generator_;
  sim::simulated_random random_;
  std::shared_ptr<const cluster_facts> facts_;
  std::int32_t partition_count_ = 6;
  std::unique_ptr<coordinator> coordinator_;
  std::vector<log_record> log_;
  std::deque<batch> unsettled_;
  std::map<request_id, std::size_t> asked_;
  std::map<request_id, partitions> committing_;
  std::uint64_t requests_ = 0, ids_ = 0;
  std::int64_t ms_ = 0;
};

}  // namespace troupe::group::test
