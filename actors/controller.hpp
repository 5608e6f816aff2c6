#pragma once

#include "actors/quorum.hpp"

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

namespace troupe {

class node_context;

/// Recover the metadata and take part in their quorum; images go to `replicas` from then on.
struct controller_open {
  quorum::setup how;
  caf::actor replicas;
};
struct controller_opened {};

/// Come to a clean stop.
struct controller_close {};
struct controller_closed {};

/// This node's part in the metadata quorum. On every node it keeps the metadata log and publishes the image; on the one
/// that leads the quorum it is the active controller: it turns requests that change metadata into records, commits
/// them, and answers when they are committed and applied; it watches over the brokers. Elsewhere it passes requests on
/// to the active one, and holds them for a while when there is none.
///
/// Messages  controller_open → controller_opened
///           ControllerRequest → ControllerReply            a client's request, from any node
///           BrokerRegistration → BrokerRegistered          from nodes, likewise
///           BrokerHeartbeat → BrokerHeartbeatAnswer
///           IsrChange → IsrChanged
///           RaftVoteRequest →                              from other controllers, and so on
///           RaftVoteReply →
///           RaftAppendRequest →
///           RaftAppendReply →
///           RaftSnapshotRequest →
///           RaftSnapshotReply →
///           RaftSubscribeRequest →
///           RaftSubscribeReply →
///           RaftTimeoutNow →
///           quorum_tick →                                  its own timers
///           watch_tick →
///           controller_close → controller_closed
/// Exits     with the error when the metadata log cannot be written any more: the node ends, for it can promise nothing
caf::actor spawn_controller(node_context& context, caf::actor peers);

}  // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::controller_open)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::controller_opened)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::controller_close)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::controller_closed)
