#pragma once

#include "actors/link.hpp"
#include "actors/peer_session.hpp"

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

#include <map>
#include <string>

namespace troupe {

class node_context;

/// A handle of the actor that is called `service` at node `peer`.
struct peer_wanted {
  node_id peer{-1};
  schema::LinkLane lane = schema::LinkLane::CONTROL;
  std::string service;
};

/// Likewise at whichever node listens at `at`: for finding a cluster.
struct seed_wanted {
  endpoint at;
  std::string service;
};

/// Where nodes listen for links, as the metadata say.
struct peer_addresses {
  std::map<node_id, endpoint> known;
};

/// The links of this node to all others: makes one when it is first asked for, and again when it is asked for after a
/// break, not before its back-off is over. Addresses come from the metadata and from nodes that have linked with this
/// one.
///
/// Messages  peer_wanted → peer_handle   an error when the node's address is not known, it cannot be reached, or was
///                                       dialled a moment ago without success; ask again later
///           seed_wanted → peer_handle   likewise
///           peer_addresses →
///           peer_seen →
/// Exits     never by itself
caf::actor spawn_peers(node_context& context);

}  // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::peer_wanted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::seed_wanted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::peer_addresses)
