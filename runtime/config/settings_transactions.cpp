#include "runtime/config/settings_rows.hpp"

// Transactions.
namespace troupe::config::rows {

namespace {

constexpr setting table[] = {
  {"add.partitions.to.txn.retry.backoff.max.ms", int32, "100", at_least(0), fixed, honoured,
   "Longest pause between tries to add partitions to a transaction."},
  {"add.partitions.to.txn.retry.backoff.ms", int32, "20", at_least(1), fixed, honoured,
   "First pause between tries to add partitions to a transaction."},
  {"transaction.abort.timed.out.transaction.cleanup.interval.ms", int32, "10000", at_least(1), fixed, ignored,
   "How often transactions that ran out of time are aborted."},
  {"transaction.max.timeout.ms", int32, "900000", at_least(1), fixed, honoured,
   "Longest time that a client may ask for a transaction."},
  {"transaction.partition.verification.enable", boolean, "true", any, cluster, honoured,
   "Whether a transactional write is checked with the coordinator first."},
  {"transaction.remove.expired.transaction.cleanup.interval.ms", int32, "3600000", at_least(1), fixed, honoured,
   "How often unused transactional ids are looked for."},
  {"transaction.state.log.load.buffer.size", int32, "5242880", at_least(1), fixed, honoured,
   "Bytes read at a time when a transaction coordinator loads its state."},
  {"transaction.state.log.min.isr", int32, "2", at_least(1), fixed, honoured,
   "`min.insync.replicas` of the transaction coordinators' topic."},
  {"transaction.state.log.num.partitions", int32, "50", at_least(1), fixed, honoured,
   "Partitions of the transaction coordinators' topic."},
  {"transaction.state.log.replication.factor", int16, "3", at_least(1), fixed, honoured,
   "Replicas of the transaction coordinators' topic."},
  {"transaction.state.log.segment.bytes", int32, "104857600", at_least(1), fixed, honoured,
   "Segment size of the transaction coordinators' topic."},
  {"transaction.two.phase.commit.enable", boolean, "false", any, fixed, ignored,
   "Whether clients may prepare transactions that never time out."},
  {"transactional.id.expiration.ms", int32, "604800000", at_least(1), fixed, honoured,
   "How long an unused transactional id is remembered."},
};

}  // namespace

std::span<const setting> transactions() {
  return table;
}

}  // namespace troupe::config::rows
