#pragma once

#include "actors/attachment.hpp"

namespace troupe {

/// The coordinator of the transactions whose ids fall on one partition of `__transaction_state`: a journaled actor
/// around `transaction::coordinator`. Born when this node begins to lead the partition, loaded from it, gone when it
/// leads no more.
///
/// Messages  CoordinatorRequest → CoordinatorReply   InitProducerId, AddPartitionsToTxn, AddOffsetsToTxn, EndTxn,
///                                                   DescribeTransactions and ListTransactions, from a session or from
///                                                   another node, through the partition
///           wake_tick →                             its own timers
///           marker_tick →
///           attachment_ends →                       answers everybody, then it ends
/// Errors    `coordinator_loading` until its journal is replayed
/// Exits     with the reason why its journal cannot be trusted; the partition makes another one
/// `coordination` takes markers_for; `controller` gives producer ids.
caf::actor spawn_transaction_coordinator(node_context& context, const caf::actor& coordination,
                                         const caf::actor& controller, const attachment& at);

}  // namespace troupe
