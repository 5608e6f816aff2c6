#pragma once

#include "actors/listener.hpp"

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

#include <vector>

namespace troupe {

class node_context;

/// Serve.
struct node_start {};

/// The node serves; one entry a listener.
struct node_ready {
  std::vector<listener_bound> listeners;
};

/// Come to a clean stop: no more requests, everything on disk, the clean mark last.
struct node_stop {};

/// All is on disk.
struct node_stopped {};

/// A node's root: starts its parts in order, supervises them, and stops them in the opposite order.
///
/// Messages  node_start → node_ready     when the cluster counts on it; an error says what kept it from starting
///           seek_tick →                 its own timer, until a node of the cluster to join answers
///           node_stop → node_stopped
/// Exits     `normal` after node_stop; otherwise with the reason of a part that has failed: the process ends then
caf::actor spawn_node(node_context& context);

}  // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::node_start)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::node_ready)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::node_stop)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::node_stopped)
