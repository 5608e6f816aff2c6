#pragma once

#include "actors/link_reader.hpp"
#include "runtime/base/ids.hpp"

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

#include <map>
#include <memory>
#include <string>

namespace troupe {

class node_context;

/// The actors of this node that other nodes may talk to, by the name they are called by on links.
using peer_services = std::map<std::string, caf::actor>;

/// Another node has introduced itself.
struct peer_seen {
  node_id peer{-1};
  endpoint at;  ///< where it listens for links; an empty host: nowhere
};

/// The answering end of one connection from another node: checks its hello, brings its calls to this node's services
/// and their answers back.
///
/// Messages  link_frames →    from the I/O thread
///           link_drained →   likewise
///           link_closed →    likewise; ends the session
///           peer_tick →      its own timer: a peer that is silent is gone
///           session_stop →   the node is stopping
/// Exits     `normal` when the connection ends; the calls that are under way go on, their answers are dropped
caf::actor spawn_peer_session(node_context& context, std::shared_ptr<connection> stream,
                              std::shared_ptr<const peer_services> services, caf::actor peers);

}  // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::peer_seen)
