#pragma once

#include "runtime/log/errors.hpp"
#include "runtime/log/log.hpp"
#include "runtime/wire/caf.hpp"
#include "schema/partition.capnp.h"

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

#include <string>

namespace troupe {

class node_context;

/// What a partition is born with.
struct partition_spec {
  partition_id id;
  std::string topic;
  std::string directory;  ///< of this replica; made at the first append
  log::options options;
  log::open_hints hints;
  caf::actor syncer;      ///< of the disk that `directory` is on
  caf::actor reader;
  caf::actor supervisor;  ///< `replicas`; hears PartitionDurable
};

/// The topic's effective settings have changed.
struct partition_settings {
  log::options options;
};

/// Time to look after retention, and to let go of files and caches when nothing happened since the last look.
struct partition_upkeep {};

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
/// Messages  PartitionLeadership →                      from `replicas`; epochs never go back
///           PartitionAppend → PartitionAppended        leader only; answers when `acks` is satisfied
///           PartitionRead → PartitionSlice             leader only; parks for `minBytes` or `maxWaitMs`
///           PartitionOffsetQuery → PartitionOffset
///           PartitionEpochQuery → PartitionEpochEnd
///           PartitionTrim → PartitionTrimmed
///           PartitionDescribe → PartitionDescription
///           partition_settings →
///           partition_upkeep →
///           compaction_query → compaction_answer
///           compaction_swap → disk_done
///           partition_close → PartitionDurable
///           partition_drop → disk_done
///           deadline_tick →                            its own timer, for parked requests
///           flush_tick →                               its own timer, for flush.ms
/// Exits     never for a failed disk: the log goes offline, reads are served on and writers get a storage error; an
///           exception ends it and `replicas` starts it again
caf::actor spawn_partition(node_context& context, partition_spec spec);

}  // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::partition_settings)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::partition_upkeep)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::partition_close)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::partition_drop)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::compaction_query)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::compaction_answer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::compaction_swap)
