#pragma once

#include "runtime/base/ids.hpp"
#include "runtime/wire/caf.hpp"
#include "schema/coordinator.capnp.h"

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

#include <string>

namespace troupe {

class node_context;

/// Ask whoever coordinates this transactional id, at whichever node, with an AddPartitionsToTxn of the newest version.
struct transaction_question {
  std::string transactional_id;
  byte_slice body;
};

/// Have `node` end transactions in partitions that it leads.
struct markers_for {
  node_id node{-1};
  wire<schema::MarkerRequest> request;
};

/// Where the nodes' transactions meet: brings questions of this node's partitions to the coordinators of transactions
/// and markers of its coordinators to the partitions' leaders, wherever they are, and takes in those of other nodes.
///
/// Messages  transaction_question → CoordinatorReply   from a partition's leader
///           markers_for → MarkerReply                 from a coordinator
///           CoordinatorRequest → CoordinatorReply     from another node
///           MarkerRequest → MarkerReply               likewise, or from a session: answered when the markers are
///                                                     committed
/// Errors    `no_coordinator` where nobody leads, the link's where the other node cannot be reached
/// Exits     never by itself
caf::actor spawn_coordination(node_context& context, caf::actor peers);

}  // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::transaction_question)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::markers_for)
