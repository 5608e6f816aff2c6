#include "runtime/config/settings_rows.hpp"

// Controllers and the metadata log.
namespace troupe::config::rows {

namespace {

constexpr setting table[] = {
  {"controller.performance.always.log.threshold.ms", int64, "2000", at_least(0), fixed, hidden,
   "Events of the controller that take longer are logged."},
  {"controller.performance.sample.period.ms", int64, "60000", at_least(100), fixed, hidden,
   "How often the controller's speed is logged."},
  {"controller.quorum.append.linger.ms", int32, "25", at_least(0), fixed, ignored,
   "How long metadata records are gathered before they are written."},
  {"controller.quorum.auto.join.enable", boolean, "true", any, fixed, honoured,
   "Whether nodes become voters by themselves while there are fewer than three, and again after losing their disk. The "
   "active controller's counts; set it alike on all nodes."},
  {"controller.quorum.bootstrap.servers", list, "", any, fixed, honoured,
   "Addresses at which the controllers are found."},
  {"controller.quorum.election.backoff.max.ms", int32, "1000", at_least(0), fixed, ignored,
   "Longest pause before a new election after a lost one."},
  {"controller.quorum.election.timeout.ms", int32, "1000", at_least(0), fixed, honoured,
   "How long a candidate waits for votes."},
  {"controller.quorum.fetch.max.bytes", int32, "1048576", at_least(1), fixed, ignored,
   "Bytes of metadata that are fetched at a time."},
  {"controller.quorum.fetch.snapshot.max.bytes", int32, "1048576", at_least(1), fixed, ignored,
   "Bytes of a metadata snapshot that are fetched at a time."},
  {"controller.quorum.fetch.timeout.ms", int32, "2000", at_least(0), fixed, ignored,
   "How long a voter goes without word from the leader before it stands for election."},
  {"controller.quorum.request.timeout.ms", int32, "2000", at_least(0), fixed, ignored,
   "Time limit of requests between controllers."},
  {"controller.quorum.retry.backoff.ms", int32, "20", at_least(0), fixed, ignored,
   "Pause before a failed request between controllers is repeated."},
  {"controller.quorum.voters", list, "", any, fixed, ignored,
   "The controllers, as id@host:port."},
  {"controller.quota.window.num", int32, "11", at_least(1), fixed, ignored,
   "Samples kept for the quota on changes of topics."},
  {"controller.quota.window.size.seconds", int32, "1", at_least(1), fixed, ignored,
   "Length of one such sample."},
  {"internal.metadata.delete.delay.millis", int64, "60000", any, fixed, hidden,
   "How long deleted metadata files stay on disk."},
  {"internal.metadata.log.segment.bytes", int32, none, any, fixed, hidden,
   "Segment size of the metadata log."},
  {"internal.metadata.max.batch.size.in.bytes", int32, "8388608", any, fixed, hidden,
   "Largest batch of the metadata log."},
  {"metadata.log.dir", string, none, any, fixed, ignored,
   "Directory of the metadata log; unset, the first of `log.dirs`."},
  {"metadata.log.max.record.bytes.between.snapshots", int64, "20971520", at_least(1), fixed, ignored,
   "Bytes of metadata records after which a snapshot is taken."},
  {"metadata.log.max.snapshot.interval.ms", int64, "3600000", at_least(0), fixed, ignored,
   "Time after which a snapshot of the metadata is taken."},
  {"metadata.log.segment.bytes", int32, "1073741824", at_least(8388608), fixed, ignored,
   "Segment size of the metadata log."},
  {"metadata.log.segment.ms", int64, "604800000", any, fixed, ignored,
   "Age at which a segment of the metadata log is rolled."},
  {"metadata.max.idle.interval.ms", int32, "500", at_least(0), fixed, ignored,
   "How often an idle controller writes a record that does nothing."},
  {"metadata.max.retention.bytes", int64, "104857600", any, fixed, ignored,
   "Size of metadata log and snapshots above which the oldest are deleted."},
  {"metadata.max.retention.ms", int64, "604800000", any, fixed, ignored,
   "Age above which metadata log and snapshots are deleted."},
  {"quota.window.num", int32, "11", at_least(1), fixed, ignored,
   "Samples kept for clients' quotas."},
  {"quota.window.size.seconds", int32, "1", at_least(1), fixed, ignored,
   "Length of one such sample."},
};

}  // namespace

std::span<const setting> controller() {
  return table;
}

}  // namespace troupe::config::rows
