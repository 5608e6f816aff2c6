#pragma once

#include "runtime/sim/world.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace troupe::cluster_sim {

/// Judges what the members of one group are told, whatever protocol they use: that no two whom the coordinator counts
/// read a partition at a time, that nobody commits what has another reader since, and that a committed offset, once
/// acknowledged, is read again until a later one has taken its place (G05, G06).
///
/// A member that the coordinator may have given up, because it has not heard it for so long, goes on reading until it
/// hears so: that is no defect.
class group_oracle {
 public:
  /// Partitions by number: as they are numbered in the topic whose offsets are committed, and from `others` on those of
  /// further topics.
  using partitions = std::set<std::int32_t>;
  static constexpr std::int32_t others = 1'000;
  /// One life of a member's process.
  using reader = int;
  /// Which node coordinates the group, as far as any node has shown so far.
  struct seat {
    std::int32_t epoch = -1;  ///< of the journal's leader
    std::string node;         ///< empty: none is known
    bool operator==(const seat&) const = default;
  };
  /// A request of a member to `to`; empty when that was not the coordinator.
  struct question {
    sim::virtual_time at{0};
    seat to;
  };

  /// `in` and `defects` outlive it. Whoever is silent for `patience`, which is not too long, is not given up.
  group_oracle(sim::world& in, std::vector<std::string>& defects, std::function<seat()> coordinator,
               std::chrono::nanoseconds patience)
    : in_(in), defects_(defects), coordinator_(std::move(coordinator)), patience_(patience) {}

  // -- partitions ---------------------------------------------------------------------------------------------------

  /// The topic whose offsets are committed; to be told before any other is.
  void knows(const topic_id& topic) { topics_ = {topic}; }
  std::int32_t number_of(const topic_id& topic, std::int32_t partition);
  /// What `number_of` made of them.
  std::pair<topic_id, std::int32_t> partition_of(std::int32_t number) const;

  // -- who reads what -----------------------------------------------------------------------------------------------

  reader begins(const std::string& name);
  /// It reads no more, and never will.
  void ends(reader who);
  /// A request to `node` goes out now.
  question asks(const std::string& node) const;
  /// An answer to `q` has come that says that `who` is a member in good standing.
  void heard(reader who, const question& q);
  /// As `heard`; it is told that it reads `all` from now on, or goes on to.
  void reads(reader who, const partitions& all, const question& q);
  /// It is told to give these up, by an answer that `heard` has not been told of yet.
  void is_to_give_up(reader who, const partitions& some);
  /// It reads these no more.
  void gave_up(reader who, const partitions& some);

  // -- offsets ------------------------------------------------------------------------------------------------------

  /// A number to commit that nobody has committed, sent now by `who`, who reads `partition`.
  std::int64_t commits(reader who, std::int32_t partition);
  /// That commit was acknowledged.
  void acknowledged(std::int64_t number);
  /// That commit was refused.
  void refused(std::int64_t number);
  /// A read of what is committed begins; hand the result to `has_read`.
  std::int64_t begins_to_read(std::int32_t partition) const;
  /// What a read that began with `since` was told; -1: nothing is committed.
  void has_read(std::int32_t partition, std::int64_t since, std::int64_t told);

  std::uint64_t acknowledged_count() const { return acknowledged_count_; }
  /// Something else that must not be.
  void defect(const std::string& what);

 private:
  /// One reading of one partition, from being told of it to giving it up.
  struct holding {
    std::int64_t term = 0;  ///< counts them, in the order in which readers were told
    std::optional<sim::virtual_time> asked_back;  ///< the coordinator's patience may have begun then
  };
  struct life {
    std::string name;
    sim::virtual_time heard{std::chrono::hours{-1}};  ///< when it asked what the coordinator has answered last
    std::map<std::int32_t, holding> holds;
  };
  /// That a reader was told of a partition by who coordinates.
  struct claim {
    reader who = 0;
    sim::virtual_time at{0};
  };
  struct commit {
    reader who = 0;
    std::int32_t partition = 0;
    std::int64_t term = 0;
    sim::virtual_time at{0};
  };

  bool is_sure(const question& q) const { return !q.to.node.empty() && q.to == coordinator_(); }
  bool counts(const life& one) const;
  void check(std::int32_t partition);
  std::pair<std::int64_t, std::int64_t> order(std::int64_t number) const;

  sim::world& in_;
  std::vector<std::string>& defects_;
  std::set<std::string> noted_;
  std::function<seat()> coordinator_;
  const std::chrono::nanoseconds patience_;
  std::vector<topic_id> topics_;
  std::map<reader, life> lives_;
  std::map<std::int32_t, std::map<std::int64_t, claim>> claims_;  ///< by partition and term
  std::map<std::int64_t, commit> sent_;                           ///< by number
  std::map<std::int32_t, std::int64_t> last_;  ///< by partition, what was acknowledged last in the order of readers
  std::int64_t next_ = 0;
  std::int64_t terms_ = 0;
  reader last_reader_ = 0;
  std::uint64_t acknowledged_count_ = 0;
};

}  // namespace troupe::cluster_sim
