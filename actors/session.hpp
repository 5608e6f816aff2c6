#pragma once

#include "runtime/authority/transport.hpp"

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

#include <memory>
#include <string>
#include <vector>

namespace troupe {

class node_context;

/// Whom a session asks for what is not its own.
struct session_peers {
  caf::actor controller;  ///< changes of metadata
  caf::actor replicas;    ///< this node's partitions; knows which metadata are applied
  caf::actor coordination;  ///< ends transactions in this node's partitions
};

/// All requests that one read completed, in order.
struct client_frames {
  std::vector<byte_slice> frames;
};

/// What was queued for the socket has left.
struct connection_drained {};

/// The connection has ended.
struct connection_closed {
  error why;
};

/// One client connection: decodes requests, asks whoever can answer, and replies in request order.
///
/// Messages  client_frames →        from the I/O thread
///           connection_drained →   likewise; replies may be sent again
///           connection_closed →    likewise; ends the session
///           idle_tick →            its own timer: closes a connection that was silent for connections.max.idle.ms
///           session_stop →         the node is stopping
/// Exits     `normal` when the connection ends; an exception closes the connection, and only that one
caf::actor spawn_session(node_context& context, std::shared_ptr<connection> stream, std::string listener_name,
                         session_peers peers);

/// Close the connection.
struct session_stop {};

}  // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::client_frames)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::connection_drained)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::connection_closed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::session_stop)
