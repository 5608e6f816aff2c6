#pragma once

#include "actors/attachment.hpp"
#include "runtime/group/assignor.hpp"

namespace troupe {

/// The coordinator of the consumer groups whose id falls on one partition of `__consumer_offsets`: a journaled actor
/// around `group::coordinator`. Born when this node begins to lead the partition, loaded from it, gone when it leads no
/// more.
///
/// Messages  CoordinatorRequest → CoordinatorReply   ConsumerGroupHeartbeat, JoinGroup, SyncGroup, Heartbeat,
///                                                   LeaveGroup, OffsetCommit, TxnOffsetCommit, OffsetFetch,
///                                                   OffsetDelete, ConsumerGroupDescribe, DescribeGroups,
///                                                   ListGroups and DeleteGroups, from a session through the
///                                                   partition
///           PartitionMarker → PartitionAppended     likewise from a transaction's coordinator
///           wake_tick →                             its own timer
///           attachment_ends →                       answers everybody, then it ends
/// Errors    `coordinator_loading` until its journal is replayed
/// Exits     with the reason why its journal cannot be trusted; the partition makes another one
/// `coordination` answers transaction_question.
/// `assignors` are those of consumer groups, the preferred one first.
caf::actor spawn_group_coordinator(node_context& context, const caf::actor& coordination,
                                   group::assignor_list assignors, const attachment& at);

}  // namespace troupe
