#include "runtime/config/settings_rows.hpp"

// The coordinators' topics.
namespace troupe::config::rows {

namespace {

constexpr setting table[] = {
  {"offset.metadata.max.bytes", int32, "4096", any, fixed, honoured,
   "Largest note that a client may leave with a committed offset."},
  {"offsets.commit.timeout.ms", int32, "5000", at_least(1), fixed, honoured,
   "How long a commit may wait for the replicas."},
  {"offsets.load.buffer.size", int32, "5242880", at_least(1), fixed, honoured,
   "Bytes read at a time when a group coordinator loads its state."},
  {"offsets.retention.check.interval.ms", int64, "600000", at_least(1), fixed, honoured,
   "How often expired offsets are looked for."},
  {"offsets.retention.minutes", int32, "10080", at_least(1), fixed, honoured,
   "How long the offsets of an empty group are kept."},
  {"offsets.topic.compression.codec", int32, "0", any, fixed, ignored,
   "Codec of the offsets topic, as a number."},
  {"offsets.topic.num.partitions", int32, "50", at_least(1), fixed, honoured,
   "Partitions of the offsets topic."},
  {"offsets.topic.replication.factor", int16, "3", at_least(1), fixed, honoured,
   "Replicas of the offsets topic."},
  {"offsets.topic.segment.bytes", int32, "104857600", at_least(1), fixed, honoured,
   "Segment size of the offsets topic."},
  {"share.coordinator.append.linger.ms", int32, "-1", at_least(-1), fixed, ignored,
   "How long a share coordinator gathers records; -1: as it sees fit."},
  {"share.coordinator.cached.buffer.max.bytes", int32, "1048588", at_least(524288), cluster, ignored,
   "Largest buffer that a share coordinator keeps for its next write."},
  {"share.coordinator.cold.partition.snapshot.interval.ms", int32, "300000", at_least(1), fixed, hidden,
   "How often idle share partitions are written as snapshots."},
  {"share.coordinator.load.buffer.size", int32, "5242880", at_least(1), fixed, ignored,
   "Bytes read at a time when a share coordinator loads its state."},
  {"share.coordinator.snapshot.update.records.per.snapshot", int32, "500", between(0, 500), fixed, ignored,
   "Updates that a share coordinator writes between two snapshots."},
  {"share.coordinator.state.topic.compression.codec", int32, "0", any, fixed, ignored,
   "Codec of the share coordinators' topic, as a number."},
  {"share.coordinator.state.topic.min.isr", int16, "2", at_least(1), fixed, ignored,
   "`min.insync.replicas` of the share coordinators' topic."},
  {"share.coordinator.state.topic.num.partitions", int32, "50", at_least(1), fixed, ignored,
   "Partitions of the share coordinators' topic."},
  {"share.coordinator.state.topic.prune.interval.ms", int32, "300000", at_least(1), fixed, hidden,
   "How often the share coordinators' topic is shortened."},
  {"share.coordinator.state.topic.replication.factor", int16, "3", at_least(1), fixed, ignored,
   "Replicas of the share coordinators' topic."},
  {"share.coordinator.state.topic.segment.bytes", int32, "104857600", at_least(1), fixed, ignored,
   "Segment size of the share coordinators' topic."},
  {"share.coordinator.threads", int32, "1", at_least(1), fixed, ignored,
   "Threads of the share coordinators."},
  {"share.coordinator.write.timeout.ms", int32, "5000", at_least(1), fixed, ignored,
   "How long a share coordinator's write may wait for the replicas."},
  {"share.fetch.purgatory.purge.interval.requests", int32, "1000", any, fixed, ignored,
   "How often finished share fetches are swept from memory."},
};

}  // namespace

std::span<const setting> coordinators() {
  return table;
}

}  // namespace troupe::config::rows
