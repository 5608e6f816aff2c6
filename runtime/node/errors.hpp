#pragma once

#include "runtime/base/error.hpp"

#include <cstdint>
#include <string>

namespace troupe {

/// Why a node could not serve a request; the log's own reasons are `log::errc`.
enum class node_errc : std::uint8_t {
  actor_failed = 1,                 ///< an actor ended by an exception
  not_leader,                       ///< this replica does not lead the partition
  fenced_leader_epoch,              ///< the sender knows an older leader epoch
  unknown_leader_epoch,             ///< the sender knows a newer leader epoch than this replica
  not_enough_replicas,              ///< acks=all, and fewer than min.insync.replicas are in sync
  not_enough_replicas_after_append, ///< likewise, noticed when the record was in the log already
  request_timed_out,                ///< the in-sync replicas did not follow in time
  queue_full,                       ///< too many requests wait for the same partition
  shutting_down,                    ///< the node is on its way to a clean stop
  unknown_partition,                ///< no such topic or partition on this node
  bad_start,                        ///< the node cannot start: configuration, directory, lock
  peer_unreachable,                 ///< another node does not answer, or the link to it broke before it did
  peer_refused,                     ///< another node does not want to be linked with
  no_controller,                    ///< the metadata quorum has no active controller that this node knows of
  offset_not_available,             ///< the new leader does not know its high watermark yet
  no_coordinator,                   ///< what is attached to a partition has failed, and is made anew soon
  coordinator_loading,              ///< what is attached to a partition replays its journal
  unknown_transaction,              ///< no producer of that id is known to the transaction's coordinator
  concurrent_transactions,          ///< the producer's last transaction is still being ended
  not_in_transaction,               ///< the partition is no part of the producer's transaction
  transaction_unverified,           ///< the transaction's coordinator could not say; nothing was appended
};

error make_error(node_errc code, std::string text);

}  // namespace troupe
