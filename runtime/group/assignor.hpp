#pragma once

#include "runtime/base/error.hpp"
#include "runtime/base/ids.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::group {

/// Partitions of topics: ascending numbers, no topic without any.
using topic_partitions = std::map<topic_id, std::vector<std::int32_t>>;

/// What an assignor is told of one member.
struct assignable_member {
  std::optional<std::string> instance;  ///< of a static member
  std::optional<std::string> rack;
  std::set<topic_id> topics;            ///< that it is subscribed to; all of them exist
  topic_partitions target;              ///< what it was to own by the last assignment
};

/// What an assignor is told of a group.
struct assignment_task {
  std::map<std::string, assignable_member> members;  ///< by their ids
  std::map<topic_id, std::int32_t> partitions;       ///< how many each topic has that somebody is subscribed to
};

/// What each member is to own; a member that is to own nothing may be left out. No partition has two owners, and nobody
/// owns of a topic it is not subscribed to.
using group_assignment = std::map<std::string, topic_partitions>;

/// Decides on the coordinator's side which member of a consumer group reads which partitions (KIP-848). A pure function
/// of the task, so that it may be called by any thread.
class assignor {
 public:
  virtual ~assignor() = default;
  /// The name that members and `group.consumer.assignors` know it by.
  virtual std::string_view name() const = 0;
  /// Called when members, their subscriptions or the topics have changed. Errors: any; the group keeps the assignment
  /// it had, and the request that asked for another one fails.
  virtual expected<group_assignment> assign(const assignment_task& task) const = 0;
};

/// The assignors of a node, the preferred one first. Never empty. Immutable once it is shared.
using assignor_list = std::vector<std::shared_ptr<const assignor>>;

/// `uniform`: as evenly as can be, and as little moves as can be.
std::shared_ptr<const assignor> uniform_assignor();
/// `range`: each topic's partitions in runs, the same members first for each topic, so that topics of the same size are
/// joined by partition.
std::shared_ptr<const assignor> range_assignor();

}  // namespace troupe::group
