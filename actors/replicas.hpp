#pragma once

#include "actors/attachment.hpp"
#include "runtime/node/log_directory.hpp"

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

#include <cstdint>
#include <memory>
#include <vector>

namespace troupe::metadata {
class image;
}

namespace troupe {

class node_context;

/// The metadata have changed.
struct image_published {
  std::shared_ptr<const metadata::image> image;
};

/// Answer once metadata up to `index` are applied on this node.
struct await_applied {
  std::int64_t index = 0;
};
struct applied {};

/// Bring this node's replica of a partition to another entry of `log.dirs`, or let it stay when it is there.
struct move_replica {
  partition_id id;
  std::string directory;
};

/// Close every partition, write the checkpoints and the clean mark.
struct replicas_close {};
struct replicas_closed {};

/// All replicas of this node: makes a partition actor for each that the metadata place here, restarts those that fail,
/// tells them who leads and which replicator follows that node, and publishes where each partition is found. Keeps the
/// checkpoint files of the log directories. `attached`: whom the partitions of some topics have live beside them.
///
/// Messages  image_published →
///           await_applied → applied
///           PartitionDurable →                 for the checkpoint files
///           recovery_point_lowered → disk_done when the checkpoint says so on the disk
///           move_replica → disk_done           when the copy has begun, or there is nothing to do
///           log_moved →                        from a partition
///           replicas_close → replicas_closed
///           upkeep_tick →                      its own timers
///           checkpoint_tick →
///           restart_partition →
///           leave_partition →
/// Exits     never by itself
caf::actor spawn_replicas(node_context& context, std::vector<log_directory> directories, caf::actor peers,
                          caf::actor isr_keeper, caf::actor coordination, attachments attached);

}  // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::image_published)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::await_applied)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::applied)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::move_replica)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::replicas_close)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::replicas_closed)
