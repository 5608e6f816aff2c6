#pragma once

#include "actors/link_reader.hpp"
#include "runtime/base/ids.hpp"
#include "schema/link.capnp.h"

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

#include <string>

namespace troupe {

class node_context;

/// Whom to link with.
struct link_target {
  endpoint at;
  node_id peer{-1};  ///< who must answer there; -1: anybody
  schema::LinkLane lane = schema::LinkLane::CONTROL;
};

/// The actor that is called `name` at the other node, please.
struct link_service {
  std::string name;
};

/// An actor of another node, to be used like a local one: `request`, `monitor` and `send` work on it. It is down when
/// the link, and with it perhaps the node, is gone.
struct peer_handle {
  caf::actor actor;
  node_id peer{-1};
  topic_id incarnation;    ///< of the process there
  std::string cluster_id;  ///< of the other node; empty when it has none yet
};

/// How dialling turned out.
struct link_dialled {
  std::shared_ptr<connection> stream;
};
struct link_undialled {
  error why;
};

/// The calling end of one connection to another node, from dialling until it breaks: hello, calls and their answers,
/// pings.
///
/// Messages  link_service → peer_handle   once the other side has said hello; an error when that fails
///           link_dialled →               from the I/O thread
///           link_undialled →             likewise
///           link_frames →                likewise
///           link_drained →               likewise
///           link_closed →                likewise
///           link_tick →                  its own timer
/// Exits     with the reason when the connection cannot be made, breaks, falls silent or is refused by the other side:
///           all handles are down and all open calls are answered with that error; `peers` makes a new one when asked
///           again
caf::actor spawn_link(node_context& context, link_target to);

}  // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::link_service)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::peer_handle)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::link_dialled)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::link_undialled)
