#include "runtime/config/settings_rows.hpp"

// Tiered storage.
namespace troupe::config::rows {

namespace {

constexpr setting table[] = {
  {"remote.fetch.max.wait.ms", int32, "500", at_least(1), cluster, ignored,
   "How long a fetch may wait for tiered storage."},
  {"remote.list.offsets.request.timeout.ms", int64, "30000", at_least(1), cluster, ignored,
   "How long a search by time may wait for tiered storage."},
  {"remote.log.index.file.cache.total.size.bytes", int64, "1073741824", at_least(1), cluster, ignored,
   "Disk space for indexes fetched from tiered storage."},
  {"remote.log.index.file.cache.ttl.ms", int64, "900000", at_least(-1), fixed, hidden,
   "How long an unused index of tiered storage is kept."},
  {"remote.log.manager.copier.thread.pool.size", int32, "10", at_least(1), cluster, ignored,
   "Threads that copy to tiered storage."},
  {"remote.log.manager.copy.max.bytes.per.second", int64, "9223372036854775807", at_least(1), cluster, ignored,
   "Bytes a second that may be copied to tiered storage."},
  {"remote.log.manager.copy.quota.window.num", int32, "11", at_least(1), fixed, ignored,
   "Samples kept for that quota."},
  {"remote.log.manager.copy.quota.window.size.seconds", int32, "1", at_least(1), fixed, ignored,
   "Length of one such sample."},
  {"remote.log.manager.expiration.thread.pool.size", int32, "10", at_least(1), cluster, ignored,
   "Threads that delete from tiered storage."},
  {"remote.log.manager.fetch.max.bytes.per.second", int64, "9223372036854775807", at_least(1), cluster, ignored,
   "Bytes a second that may be read from tiered storage."},
  {"remote.log.manager.fetch.quota.window.num", int32, "11", at_least(1), fixed, ignored,
   "Samples kept for that quota."},
  {"remote.log.manager.fetch.quota.window.size.seconds", int32, "1", at_least(1), fixed, ignored,
   "Length of one such sample."},
  {"remote.log.manager.follower.thread.pool.size", int32, "2", at_least(1), cluster, ignored,
   "Threads that read tiered storage's catalogue for followers."},
  {"remote.log.manager.task.interval.ms", int64, "30000", at_least(1), fixed, ignored,
   "How often work for tiered storage is looked for."},
  {"remote.log.manager.task.retry.backoff.max.ms", int64, "30000", at_least(1), fixed, hidden,
   "Longest pause after a failure of tiered storage."},
  {"remote.log.manager.task.retry.backoff.ms", int64, "500", at_least(1), fixed, hidden,
   "First pause after a failure of tiered storage."},
  {"remote.log.manager.task.retry.jitter", float64, "0.2", between(0, 0.5), fixed, hidden,
   "Random share added to those pauses."},
  {"remote.log.manager.thread.pool.size", int32, "2", at_least(1), fixed, ignored,
   "Threads that schedule work for tiered storage."},
  {"remote.log.metadata.custom.metadata.max.bytes", int32, "128", at_least(0), fixed, ignored,
   "Largest note that a storage plug-in may leave with a segment."},
  {"remote.log.metadata.manager.class.name", string,
   "org.apache.kafka.server.log.remote.metadata.storage.TopicBasedRemoteLogMetadataManager",
   something, fixed, ignored,
   "Class that keeps tiered storage's catalogue."},
  {"remote.log.metadata.manager.class.path", string, none, any, fixed, ignored,
   "Where that class is loaded from."},
  {"remote.log.metadata.manager.impl.prefix", string, "rlmm.config.", something, fixed, ignored,
   "Prefix of the settings for that class."},
  {"remote.log.metadata.manager.listener.name", string, none, something, fixed, ignored,
   "Listener over which that class reaches the brokers."},
  {"remote.log.reader.max.pending.tasks", int32, "100", at_least(1), fixed, ignored,
   "Reads from tiered storage that may wait."},
  {"remote.log.reader.threads", int32, "10", at_least(1), cluster, ignored,
   "Threads that read from tiered storage."},
  {"remote.log.storage.manager.class.name", string, none, something, fixed, ignored,
   "Class that stores segments in tiered storage."},
  {"remote.log.storage.manager.class.path", string, none, any, fixed, ignored,
   "Where that class is loaded from."},
  {"remote.log.storage.manager.impl.prefix", string, "rsm.config.", something, fixed, ignored,
   "Prefix of the settings for that class."},
  {"remote.log.storage.system.enable", boolean, "false", any, fixed, ignored,
   "Whether there is tiered storage."},
};

}  // namespace

std::span<const setting> tiering() {
  return table;
}

}  // namespace troupe::config::rows
