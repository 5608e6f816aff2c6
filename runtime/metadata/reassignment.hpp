#pragma once

#include "runtime/metadata/commands.hpp"
#include "runtime/metadata/elections.hpp"

#include <optional>
#include <vector>

/// Partitions that move to other brokers (KIP-455). A reassignment is a state of the partition: the replicas to come
/// are added in front, the others leave when all of the target are in sync. Pure.
namespace troupe::metadata {

/// One wish of AlterPartitionReassignments.
struct reassignment_command {
  partition_name which;
  std::optional<std::vector<node_id>> target;  ///< the preferred leader first; none: cancel the one under way
  bool factor_may_change = true;               ///< KIP-860: whether the target may have another number of replicas
};

/// Begins a reassignment, replaces the one under way by another or cancels it. What needs no records to be copied is
/// done at once; what changes nothing makes no records. Errors: unknown_topic, unknown_partition,
/// invalid_replica_assignment (also for a cancellation that would leave nobody with every committed record),
/// invalid_replication_factor, no_reassignment_in_progress.
expected<records> alter_reassignment(const image& on, const command_rules& rules, const reassignment_command& wish);

/// A reassignment under way.
struct ongoing_reassignment {
  partition_name which;
  partition now;
};

/// Those of the partitions given that move, or all that do. Unknown ones are left out, as Kafka does.
std::vector<ongoing_reassignment> list_reassignments(const image& on,
                                                     const std::optional<std::vector<partition_name>>& which);

}  // namespace troupe::metadata
