#pragma once

#include "actors/session.hpp"
#include "runtime/config/listener.hpp"

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

namespace troupe {

class node_context;

/// Listen now.
struct listener_open {};

/// The address that clients can reach.
struct listener_bound {
  std::string name;
  endpoint at;
};

/// Accepts client connections on one address and supervises their sessions.
///
/// Messages  listener_open → listener_bound   an error names the address and the cause
///           accepted →                       from the I/O thread: a connection for a new session
///           accept_exhausted →               likewise: no file descriptors; accepting stops for a moment
///           accept_retry →                   its own timer
///           session_stop →                   stops listening and closes all connections
/// Exits     never by itself; a session's end only frees its place
caf::actor spawn_listener(node_context& context, config::listener address, session_peers peers);

}  // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::listener_open)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::listener_bound)
