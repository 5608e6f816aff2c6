#pragma once

#include "actors/attachment.hpp"

namespace troupe {

/// The coordinator of the consumer groups whose id falls on one partition of `__consumer_offsets`: a journaled actor
/// around `group::coordinator`. Born when this node begins to lead the partition, loaded from it, gone when it leads no
/// more.
///
/// Messages  CoordinatorRequest → CoordinatorReply   JoinGroup, SyncGroup, Heartbeat, LeaveGroup, OffsetCommit,
///                                                   OffsetFetch, OffsetDelete, DescribeGroups, ListGroups and
///                                                   DeleteGroups and TxnOffsetCommit, from a session through the
///                                                   partition
///           PartitionMarker → PartitionAppended     likewise from a transaction's coordinator
///           wake_tick →                             its own timer
///           attachment_ends →                       answers everybody, then it ends
/// Errors    `coordinator_loading` until its journal is replayed
/// Exits     with the reason why its journal cannot be trusted; the partition makes another one
/// `coordination` answers transaction_question.
caf::actor spawn_group_coordinator(node_context& context, const caf::actor& coordination, const attachment& at);

}  // namespace troupe
