#pragma once

#include "runtime/wire/caf.hpp"
#include "schema/replication.capnp.h"

#include <caf/actor.hpp>

namespace troupe {

class node_context;

/// Feeds the followers of all partitions that this node leads: brings what they say to the partitions, gathers the
/// slices that partitions have for them, and answers each follower node with all that is there. Holds no records back
/// and no more than a few slices for a node whose answers do not leave.
///
/// Messages  ReplicaFetch → ReplicaFetched   over a link; answered when there are slices, when a newer one comes, or
///                                           after `bounds::replica_fetch_park_max`
///           replica_slice →                 from partitions
///           feeder_flush →                  its own: answers with what has gathered
///           feeder_tick →                   its own timer
/// Exits     never by itself
caf::actor spawn_feeder(node_context& context);

}  // namespace troupe
