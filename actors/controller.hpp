#pragma once

#include "runtime/wire/caf.hpp"
#include "schema/controller.capnp.h"

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

namespace troupe {

class node_context;

/// Recover the metadata, become the active controller and register this node.
struct controller_open {
  bool clean = false;  ///< the last stop was a clean one: leaders go on in their epochs
};
struct controller_opened {};

/// Come to a clean stop.
struct controller_close {};
struct controller_closed {};

/// The owner of the metadata log: turns requests that change metadata into records, commits them, and answers when they
/// are on the disk and applied. For now the only voter of its quorum.
///
/// Messages  controller_open → controller_opened   publishes the recovered image to `replicas` before it answers
///           ControllerRequest → ControllerReply
///           controller_close → controller_closed
/// Exits     with the error when the metadata log cannot be written any more: the node ends, for it can promise nothing
caf::actor spawn_controller(node_context& context, caf::actor replicas);

}  // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::controller_open)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::controller_opened)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::controller_close)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::controller_closed)
