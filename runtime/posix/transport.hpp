#pragma once

#include "runtime/authority/transport.hpp"

#include <memory>

namespace caf {
class actor_system;
}

namespace troupe::posix {

/// TCP on the I/O thread of `system`, which must have loaded `caf::io::middleman`; the system outlives the result.
///
/// Sockets are event handlers of CAF's multiplexer rather than brokers: a reply is written by the thread that made it
/// (the I/O thread only takes over when the socket is full), reads go straight into the framer's buffer, and parts of
/// files leave by sendfile. ARCHITECTURE.md has the measurement.
std::unique_ptr<transport> make_transport(caf::actor_system& system);

}  // namespace troupe::posix
