#pragma once

#include <caf/actor.hpp>

namespace troupe {

class node_context;

/// Brings the wishes of this node's leaders for other in-sync replicas to the controller, all that gather while one
/// request is under way in the next one. A wish whose answer was lost is brought again until there is one: it may have
/// been granted.
///
/// Messages  isr_wanted →         from partitions, which get isr_settled; a newer wish replaces the older one
///           isr_keeper_retry →   its own timer
/// Exits     never by itself
caf::actor spawn_isr_keeper(node_context& context, caf::actor controller);

}  // namespace troupe
