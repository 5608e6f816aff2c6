#pragma once

#include "runtime/base/ids.hpp"

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

namespace troupe {

class node_context;

/// A partition of this node says how far its replica is; `ready`: and wants more from its leader.
struct follow {
  partition_id id;
  caf::actor partition;
  leader_epoch epoch;
  offset log_end;
  offset durable_end;
  leader_epoch last_epoch;
  offset log_start;
  bool ready = false;
  std::int32_t partition_epoch = -1;
};

/// It follows no longer under that epoch.
struct unfollow {
  partition_id id;
  leader_epoch epoch;
};

/// Follows all partitions that one other node leads, in one conversation with that node's `feeder`: sends on what
/// partitions say, brings them the slices that come back. Begins anew whenever the link breaks.
///
/// Messages  follow →               from partitions; the newest for each counts
///           unfollow →
///           replicator_flush →     its own: sends what has gathered
///           replicator_retry →     its own timer, after the link broke
/// Exits     never by itself
caf::actor spawn_replicator(node_context& context, node_id leader, caf::actor peers);

}  // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::follow)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::unfollow)
