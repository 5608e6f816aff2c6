#include "runtime/config/settings_rows.hpp"

// Settings of a topic. Their defaults come from the broker settings in `synonyms.cpp`.
namespace troupe::config::rows {

namespace {

constexpr setting table[] = {
  {"cleanup.policy", list, "delete", one_of("compact|delete"), cluster, honoured,
   "What happens to old segments: they are deleted, or compacted to the last record of each key, or both."},
  {"compression.gzip.level", int32, "-1", between_or(1, 9, -1), cluster, honoured,
   "Effort of gzip where the broker compresses: 1 is quick, 9 is small, -1 is the library's choice."},
  {"compression.lz4.level", int32, "9", between(1, 17), cluster, honoured,
   "Effort of lz4 where the broker compresses: 1 is quick, 17 is small."},
  {"compression.type", string, "producer", one_of("uncompressed|zstd|lz4|snappy|gzip|producer"), cluster, honoured,
   "Codec that batches are stored with; `producer` keeps what the client sent."},
  {"compression.zstd.level", int32, "3", between(-131072, 22), cluster, honoured,
   "Effort of zstd where the broker compresses: negative is quick, 22 is small."},
  {"delete.retention.ms", int64, "86400000", at_least(0), cluster, honoured,
   "How long a tombstone stays readable after compaction has met it."},
  {"durability", string, "fsync", one_of("fsync|replicated|interval"), cluster, honoured,
   "When acks=all is answered: after sync on the replicas in sync, after their receipt, or as `interval`."},
  {"file.delete.delay.ms", int64, "60000", at_least(0), cluster, honoured,
   "How long a deleted segment's file stays on disk, renamed, for readers that still use it."},
  {"flush.messages", int64, "9223372036854775807", at_least(1), cluster, honoured,
   "Number of records after which the log is synced where `durability` is `interval`."},
  {"flush.ms", int64, "9223372036854775807", at_least(0), cluster, honoured,
   "Time after which unsynced records are synced where `durability` is `interval`."},
  {"follower.replication.throttled.replicas", list, "", any, cluster, honoured,
   "Replicas, as partition:node, whose fetching is throttled; * means all."},
  {"index.interval.bytes", int32, "4096", at_least(0), cluster, honoured,
   "One index entry is written for about this many bytes of records."},
  {"internal.segment.bytes", int32, none, any, cluster, hidden,
   "Segment size without the lower limit, for Kafka's own tests."},
  {"leader.replication.throttled.replicas", list, "", any, cluster, honoured,
   "Replicas, as partition:node, whose sending is throttled; * means all."},
  {"local.retention.bytes", int64, "-2", at_least(-2), cluster, ignored,
   "With tiered storage, size that stays on local disk; -2 means `retention.bytes`."},
  {"local.retention.ms", int64, "-2", at_least(-2), cluster, ignored,
   "With tiered storage, age that stays on local disk; -2 means `retention.ms`."},
  {"max.compaction.lag.ms", int64, "9223372036854775807", at_least(1), cluster, honoured,
   "A record is compacted at the latest this long after it was written."},
  {"max.message.bytes", int32, "1048588", at_least(0), cluster, honoured,
   "Largest batch that is accepted, as it comes from the client, after compression."},
  {"message.timestamp.after.max.ms", int64, "3600000", at_least(0), cluster, honoured,
   "How far a record's time may lie in the future before it is refused."},
  {"message.timestamp.before.max.ms", int64, "9223372036854775807", at_least(0), cluster, honoured,
   "How far a record's time may lie in the past before it is refused."},
  {"message.timestamp.type", string, "CreateTime", one_of("CreateTime|LogAppendTime"), cluster, honoured,
   "Whether a record's time is the producer's or that of the append."},
  {"min.cleanable.dirty.ratio", float64, "0.5", between(0, 1), cluster, honoured,
   "Compaction starts when at least this share of the log has not been compacted yet."},
  {"min.compaction.lag.ms", int64, "0", at_least(0), cluster, honoured,
   "A record stays uncompacted at least this long."},
  {"min.insync.replicas", int32, "1", at_least(1), cluster, honoured,
   "How many replicas have to be in sync for a write with acks=all to be accepted."},
  {"preallocate", boolean, "false", any, cluster, ignored,
   "Whether a new segment file gets its full size at once."},
  {"remote.log.copy.disable", boolean, "false", any, cluster, ignored,
   "With tiered storage, whether copying stops while what is there stays readable."},
  {"remote.log.delete.on.disable", boolean, "false", any, cluster, ignored,
   "Whether the copies in tiered storage go when it is switched off."},
  {"remote.storage.enable", boolean, "false", any, cluster, ignored,
   "Whether old segments move to tiered storage."},
  {"retention.bytes", int64, "-1", at_least(-1), cluster, honoured,
   "Size of a partition above which its oldest segments are deleted; -1: no limit."},
  {"retention.ms", int64, "604800000", at_least(-1), cluster, honoured,
   "Age above which segments are deleted; -1: none."},
  {"segment.bytes", int32, "1073741824", at_least(1048576), cluster, honoured,
   "Size at which a segment is rolled."},
  {"segment.index.bytes", int32, "10485760", at_least(4), cluster, honoured,
   "Size at which an index is full and its segment is rolled."},
  {"segment.jitter.ms", int64, "0", at_least(0), cluster, honoured,
   "Up to so much is taken off `segment.ms`, at random, so that not all logs roll at once."},
  {"segment.ms", int64, "604800000", at_least(1), cluster, honoured,
   "Age at which a segment is rolled though it is not full."},
  {"unclean.leader.election.enable", boolean, "false", any, cluster, honoured,
   "Whether a replica that is not in sync may become leader when no other is left, at a loss of records."},
};

}  // namespace

std::span<const setting> topics() {
  return table;
}

}  // namespace troupe::config::rows
