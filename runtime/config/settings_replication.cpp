#include "runtime/config/settings_rows.hpp"

// Replication between nodes.
namespace troupe::config::rows {

namespace {

constexpr setting table[] = {
  {"alter.log.dirs.replication.quota.window.num", int32, "11", at_least(1), fixed, ignored,
   "Samples kept for the quota on moves between directories."},
  {"alter.log.dirs.replication.quota.window.size.seconds", int32, "1", at_least(1), fixed, ignored,
   "Length of one such sample."},
  {"follower.fetch.last.tiered.offset.enable", boolean, "false", any, cluster, ignored,
   "Whether a new follower starts where tiered storage ends."},
  {"follower.replication.throttled.rate", int64, "9223372036854775807", at_least(0), cluster, honoured,
   "Bytes a second that throttled followers on this node may fetch."},
  {"leader.replication.throttled.rate", int64, "9223372036854775807", at_least(0), cluster, honoured,
   "Bytes a second that throttled leaders on this node may send."},
  {"num.replica.fetchers", int32, "1", at_least(1), cluster, ignored,
   "Threads that fetch from each other node."},
  {"reassignment.throttled.rate", int64, "104857600", at_least(1), cluster, honoured,
   "Bytes a second that a node may send to, and take for, replicas that reassignments add; ours, not Kafka's."},
  {"replica.alter.log.dirs.io.max.bytes.per.second", int64, "9223372036854775807", at_least(0), cluster, honoured,
   "Bytes a second that moves between directories may use."},
  {"replica.fetch.backoff.ms", int32, "1000", at_least(0), fixed, ignored,
   "How long a follower waits after a failed fetch."},
  {"replica.fetch.max.bytes", int32, "1048576", at_least(0), fixed, ignored,
   "Bytes of one partition that a follower asks for at a time."},
  {"replica.fetch.min.bytes", int32, "1", any, fixed, ignored,
   "Bytes that a follower waits for."},
  {"replica.fetch.response.max.bytes", int32, "10485760", at_least(0), fixed, ignored,
   "Bytes that a follower asks for at a time, of all partitions together."},
  {"replica.fetch.wait.max.ms", int32, "500", any, fixed, ignored,
   "How long a follower's fetch may wait at the leader."},
  {"replica.high.watermark.checkpoint.interval.ms", int64, "5000", any, fixed, honoured,
   "How often high watermarks are written down."},
  {"replica.lag.time.max.ms", int64, "30000", any, fixed, honoured,
   "A follower that has not caught up for this long is no longer in sync."},
  {"replica.selector.class", string, none,
   one_of("org.apache.kafka.common.replica.LeaderSelector|org.apache.kafka.common.replica.RackAwareReplicaSelector"),
   fixed, honoured,
   "Class that chooses the replica that a client should read from."},
  {"replica.socket.receive.buffer.bytes", int32, "65536", any, fixed, ignored,
   "Size of the receive buffer of a follower's connection."},
  {"replica.socket.timeout.ms", int32, "30000", any, fixed, ignored,
   "Time limit of a follower's fetch."},
  {"replication.quota.window.num", int32, "11", at_least(1), fixed, ignored,
   "Samples kept for the replication quotas."},
  {"replication.quota.window.size.seconds", int32, "1", at_least(1), fixed, ignored,
   "Length of one such sample."},
  {"unclean.leader.election.enable", boolean, "false", any, cluster, honoured,
   "Whether a replica that is not in sync may become leader when no other is left, at a loss of records."},
  {"unclean.leader.election.interval.ms", int64, "300000", at_least(1), fixed, hidden,
   "How often it is checked whether such an election is needed."},
};

}  // namespace

std::span<const setting> replication() {
  return table;
}

}  // namespace troupe::config::rows
