#pragma once

#include "runtime/group/cluster_facts.hpp"
#include "runtime/group/consumer_member.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace troupe::group {

/// All that the log holds of a consumer group, as a value: records are taken in one by one, and nothing else changes
/// it. Copies share what is large, so that the state before a batch can be kept until the batch is committed.
class consumer_state {
 public:
  using members = std::map<std::string, std::shared_ptr<const consumer_member>>;

  /// Takes a record of this group in. One without a value takes out what it names.
  void apply(const consumer_group_record& r);
  void apply(const consumer_member_record& r);
  void apply(const target_epoch_record& r);
  void apply(const target_member_record& r);
  void apply(const current_assignment_record& r);
  void apply(const regular_expression_record& r);

  /// Counts changes of members, subscriptions and topics.
  std::int32_t epoch() const { return epoch_; }
  /// Epoch that the target was made for.
  std::int32_t target_epoch() const { return target_epoch_; }
  /// Of all topics that somebody is subscribed to; see `topics_hash`.
  std::int64_t metadata_hash() const { return metadata_hash_; }

  const members& all() const { return members_; }
  /// Null when there is none.
  const consumer_member* find(const std::string& id) const;
  /// The static member `instance`; null when there is none.
  const consumer_member* find_static(const std::string& instance) const;
  /// What the member is to own.
  const topic_partitions& target(const std::string& member) const;
  /// Whether a member may still read the partition.
  bool is_held(const topic_id& topic, std::int32_t partition) const;

  /// Topics that a pattern matches; null before it was resolved.
  const std::set<std::string>* matches(const std::string& pattern) const;
  const std::map<std::string, std::shared_ptr<const std::set<std::string>>>& patterns() const { return patterns_; }
  /// Names that the member is subscribed to, those that its pattern matches included.
  std::set<std::string> subscription(const consumer_member& member) const;
  /// Of all members.
  std::set<std::string> subscriptions() const;

  /// The records that take out all that is there.
  std::vector<log_record> tombstones(const std::string& group) const;

 private:
  void hold(const held_partitions& partitions, int by);
  template <class Change>
  void change(const std::string& id, Change by);

  std::int32_t epoch_ = 0;
  std::int32_t target_epoch_ = 0;
  std::int64_t metadata_hash_ = 0;
  members members_;
  std::map<std::string, std::string> static_ids_;
  std::map<std::string, std::shared_ptr<const topic_partitions>> targets_;
  std::map<std::string, std::shared_ptr<const std::set<std::string>>> patterns_;
  std::map<topic_id, std::map<std::int32_t, int>> holders_;  ///< how many hold a partition
};

/// Of the ids and sizes of the topics `names`, those that there are: another hash tells that the group needs another
/// assignment.
std::int64_t topics_hash(const std::set<std::string>& names, const cluster_facts& facts);

}  // namespace troupe::group
