#pragma once

#include "actors/session.hpp"
#include "runtime/config/listener.hpp"
#include "runtime/net/tls_context.hpp"

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

#include <functional>
#include <memory>

namespace troupe {

class node_context;

/// Take the address; connections that come wait.
struct listener_bind {};

/// Serve those that came and that come.
struct listener_open {};

/// The address that clients can reach.
struct listener_bound {
  std::string name;
  endpoint at;
};

/// Makes the actor that serves one connection, and is told `session_stop` when it shall close it.
using session_maker = std::function<caf::actor(std::shared_ptr<connection>)>;

/// Accepts connections on one address and supervises the sessions that serve them. `tls`: what they are secured with,
/// null for none.
///
/// Messages  listener_bind → listener_bound   an error names the address and the cause
///           listener_open →
///           accepted →                       from the I/O thread: a connection for a new session
///           accept_exhausted →               likewise: no file descriptors; accepting stops for a moment
///           accept_retry →                   its own timer
///           session_stop →                   stops listening and closes all connections
/// Exits     never by itself; a session's end only frees its place
caf::actor spawn_listener(node_context& context, config::listener address,
                          std::shared_ptr<const net::tls_context> tls, session_maker make);

}  // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::listener_bind)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::listener_open)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::listener_bound)
