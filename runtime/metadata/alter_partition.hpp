#pragma once

#include "runtime/metadata/commands.hpp"

#include <cstdint>
#include <vector>

namespace troupe::metadata {

/// A replica as its leader saw it when it judged it to be in sync.
struct in_sync_replica {
  node_id id;
  std::int64_t broker_epoch = -1;  ///< of the process that fetched: a later one has to catch up again (KIP-903)
};

/// What a leader wishes for its partition (KIP-497): another ISR, to have recovered, or that another one leads.
struct alter_partition_command {
  node_id leader;
  std::int64_t broker_epoch = -1;   ///< of the leader
  partition_id which;
  leader_epoch epoch;               ///< under which the leader leads
  std::int32_t partition_epoch = 0; ///< of the state that the wish changes
  std::vector<in_sync_replica> in_sync;  ///< with the leader itself
  bool recovering = false;          ///< still settling after an unclean election
  bool resigns = false;             ///< its disk has failed; `in_sync` and `recovering` do not count then
};

/// What came of it.
struct altered_partition {
  partition now;
  bool leader_moved = false;  ///< the change ended a reassignment, or a broker's lead: NEW_LEADER_ELECTED (108)
  metadata::records records;  ///< none when nothing changes
};

/// Judges a leader's wish. A leader that resigns leaves the ISR when another member can lead, else all stays as it is:
/// better one that can only be read from than none. Errors, in the order in which they are looked for:
/// broker_id_not_registered, stale_broker_epoch  the sender is not the process that is registered
/// unknown_topic_id, unknown_partition
/// not_controller           an epoch is later than any that this image knows
/// fenced_leader_epoch      another leader has been chosen since
/// invalid_request          not the leader; an ISR that is empty, without the leader, with others than replicas or with
///                          one of them twice; recovering with more than one in sync, or after having recovered
/// invalid_update_version   the partition has changed since; ask again on top of that
/// ineligible_replica       somebody who is not registered, fenced, shutting down or another process by now (KIP-841)
expected<altered_partition> alter_partition(const image& on, const command_rules& rules,
                                            const alter_partition_command& wish);

}  // namespace troupe::metadata
