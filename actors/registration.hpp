#pragma once

#include "runtime/base/ids.hpp"

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

#include <cstdint>

namespace troupe {

class node_context;

/// Register this node as a broker and keep it alive; answered when the cluster counts on it.
struct registration_open {
  topic_id directory;            ///< id of the first log directory
  std::int64_t clean_epoch = -1;  ///< registration of the process that stopped cleanly before; -1: it did not
};
struct registration_opened {};

/// Ask to be let go: leaders move away first. Answered when the node may stop, or after a while without an answer.
struct registration_close {};
struct registration_closed {};

/// Keeps this node registered with the active controller, whichever that is: registers, sends heartbeats, registers
/// anew when the controller does not know this process any more.
///
/// Messages  registration_open → registration_opened
///           registration_close → registration_closed
///           heartbeat_tick →   its own timer
/// Exits     when another process with this node's id is alive: two of them must not go on
caf::actor spawn_registration(node_context& context, caf::actor controller);

}  // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::registration_open)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::registration_opened)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::registration_close)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::registration_closed)
