#pragma once

#include "runtime/group/assignor.hpp"

#include <cstddef>
#include <utility>

namespace troupe::group {

/// What the members of a group are to own while an assignor still weighs it: how many partitions of each topic. Those
/// of one topic are alike until `settle`, which leaves as many as possible where they were. Members and topics are
/// numbered in the order of their ids, so that all that is done with them comes out the same every time.
class shares {
 public:
  using index = std::uint32_t;

  /// One member's part of one topic that it is subscribed to.
  struct share {
    index member;
    index topic;
    std::int32_t kept = 0;   ///< partitions that it had by the last assignment and may still have
    std::int32_t count = 0;  ///< partitions that it is to have
  };

  struct topic {
    topic_id id;
    std::vector<index> subscribed;  ///< shares, by their members
    std::vector<index> holding;     ///< those of them that have partitions, by their members
    std::vector<index> owners;      ///< for each partition the share that it was in, `nobody` for none
    std::int32_t free = 0;          ///< partitions that are in no share
  };

  static constexpr index nobody = ~index{0};

  /// A partition's way from one share to another of the same topic.
  struct step {
    index from = nobody;
    index into = nobody;
  };

  /// Begins with what is still valid of the targets: of a partition that two members were to own the first one keeps
  /// it; topics without partitions do not count. `task` must outlive this.
  explicit shares(const assignment_task& task);

  std::size_t member_count() const { return loads_.size(); }
  const std::vector<topic>& topics() const { return topics_; }
  const share& at(index i) const { return all_[i]; }
  /// The shares of a member are those from `first` up to, and without, `first(member + 1)`; by their topics.
  index first(index member) const { return firsts_[member]; }
  /// Partitions that a member is to have.
  std::int32_t load(index member) const { return loads_[member]; }

  /// Puts a free partition of its topic into a share.
  void take(index into);
  /// Moves a partition, which `by.from` must have.
  void move(step by);
  /// What speaks against a step, the less the better: first that one more partition has another owner than it had, or
  /// is it one less; then that the topic is less spread over members.
  std::pair<int, std::int32_t> cost_of(step by) const;

  /// The assignment by these counts.
  group_assignment settle() const;

 private:
  void add_member(index member, const assignable_member& about);
  void keep_valid(index member, const topic_partitions& target);
  void change(index which, std::int32_t by);

  const assignment_task& task_;
  std::vector<topic> topics_;
  std::vector<share> all_;
  std::vector<index> firsts_;
  std::vector<std::int32_t> loads_;
};

}  // namespace troupe::group
