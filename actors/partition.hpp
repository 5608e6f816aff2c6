#pragma once

#include "actors/attachment.hpp"
#include "runtime/log/errors.hpp"
#include "runtime/log/log.hpp"
#include "runtime/replication/throttle.hpp"
#include "runtime/wire/caf.hpp"
#include "schema/partition.capnp.h"
#include "schema/replication.capnp.h"

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

#include <memory>
#include <optional>
#include <string>

namespace troupe {

class node_context;

/// The topic's effective settings, for one replica; as a message: they have changed.
struct partition_settings {
  log::options options;
  replication::throttled_as throttled;
};

/// What a partition is born with.
struct partition_spec {
  partition_id id;
  std::string topic;
  std::string directory;  ///< of this replica; made at the first append
  partition_settings settings;
  log::open_hints hints;
  offset high_watermark;  ///< the last one known before
  caf::actor syncer;      ///< of the disk that `directory` is on
  caf::actor reader;
  caf::actor supervisor;  ///< `replicas`; hears PartitionDurable
  caf::actor isr_keeper;  ///< brings wishes for other in-sync replicas to the controller
  std::shared_ptr<replication::throttles> throttles;  ///< of the node
  caf::actor coordination;  ///< answers transaction_question
  attach_function attach; ///< makes the journaled actor that lives beside the leader; empty: nobody does
};

/// Who leads from now on, as the controller decided.
struct partition_role {
  wire<schema::PartitionLeadership> decided;
  caf::actor source;  ///< this node's replicator for the leader's node, where another node leads
};

/// A follower says how far its replica is.
struct follower_position {
  node_id follower;
  std::int64_t broker_epoch = -1;
  leader_epoch epoch;       ///< under which it follows
  offset log_end;
  offset durable_end;
  leader_epoch last_epoch;  ///< of its last record
  offset log_start;
  bool ready = false;       ///< waits for records
  caf::actor feeder;        ///< where slices for it go
  std::int32_t partition_epoch = -1;  ///< that it knows
  std::uint64_t session = 0;  ///< of its node's fetches: in a new one it may have missed what was told in the last
};

/// What a leader has for one follower: records from the end of its log on, or why there are none.
struct replica_slice {
  partition_id id;
  node_id follower;
  leader_epoch epoch;  ///< of the leader
  chunk records;
  offset high_watermark;
  offset log_start;
  std::optional<log::epoch_end> diverging;
  schema::ReplicaSlice::Refusal refusal = schema::ReplicaSlice::Refusal::NONE;
  offset from = no_offset;  ///< the follower's log end that this answers
  bool asks = false;        ///< the leader wants to hear the follower's position, be it a new one or not
};

/// A leader asks for other in-sync replicas; the answer comes as isr_settled.
struct isr_wanted {
  caf::actor partition;
  wire<schema::IsrChange> wish;
};

/// What the controller said of a wish for other in-sync replicas.
struct isr_settled {
  std::int32_t asked_at = -1;  ///< the partition epoch that the wish was derived from
  wire<schema::IsrChanged> said;
};

/// Have the checkpoint on the disk say that no more than this is durable, since the log is about to be cut. Answered
/// with disk_done.
struct recovery_point_lowered {
  wire<schema::PartitionDurable> point;
};

/// Time to look after retention, and to let go of files and caches when nothing happened since the last look.
struct partition_upkeep {};

/// Open the log once, so that damage is found, and let go of it again; answered with disk_done when that is over.
struct partition_rest {};

/// Make all that is appended durable, write the log's checkpoints and take no more: the answer is PartitionDurable.
struct partition_close {};

/// The topic is deleted: drop the log; the files are the supervisor's from then on.
struct partition_drop {};

/// What is there to clean? Answered with a plan, or with an empty optional when nothing is.
struct compaction_query {};
struct compaction_answer {
  std::optional<log::cleaning_plan> plan;
};
/// The cleaned files of a plan: swap them in.
struct compaction_swap {
  log::cleaned_files files;
};

/// One replica of one partition: the only writer of its log.
///
/// Messages  partition_role →                           from `replicas`; epochs never go back
///           PartitionAppend → PartitionAppended        leader only; answers when `acks` is satisfied
///           PartitionMarker → PartitionAppended        leader only; through what is attached, if somebody is
///           PartitionRead → PartitionSlice             leader, or `anyReplica`; parks for `minBytes` or `maxWaitMs`
///           PartitionOffsetQuery → PartitionOffset     leader, or `asReplica`
///           PartitionEpochQuery → PartitionEpochEnd    leader only
///           PartitionTrim → PartitionTrimmed           leader only
///           PartitionDescribe → PartitionDescription
///           CoordinatorRequest → CoordinatorReply      leader only; handed to what is attached
///           follower_position →                        leader only; from `feeder`, which gets replica_slice
///           replica_slice →                            follower only; from a `replicator`, which gets follow
///           isr_settled →                              leader only; from `isr_keeper`
///           partition_settings →
///           partition_upkeep →
///           partition_rest → disk_done
///           compaction_query → compaction_answer
///           compaction_swap → disk_done
///           partition_close → PartitionDurable
///           partition_drop → disk_done
///           deadline_tick →                            its own timers, and so on
///           reader_deadline_tick →
///           flush_tick →
///           checkpoint_watermark_tick →
///           lag_tick →
///           isr_tick →
///           resign_tick →
///           watermark_tick →
///           owed_tick →
///           throttle_tick →
///           retry_following →
///           transaction_retry_tick →
///           attach_again →
///           log_move_begin → disk_done                 from `replicas`, which gets log_moved when it is done
///           log_move_cancel →
///           log_move_tick →
/// Exits     never for a failed disk: the log goes offline, reads are served on and writers get a storage error; an
///           exception ends it and `replicas` starts it again
caf::actor spawn_partition(node_context& context, partition_spec spec);

}  // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::partition_role)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::follower_position)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::replica_slice)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::isr_wanted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::isr_settled)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::recovery_point_lowered)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::partition_settings)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::partition_upkeep)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::partition_rest)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::partition_close)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::partition_drop)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::compaction_query)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::compaction_answer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::compaction_swap)
