#include "runtime/config/settings_rows.hpp"

// The node itself, its topics, its metrics.
namespace troupe::config::rows {

namespace {

constexpr setting table[] = {
  {"alter.config.policy.class.name", class_name, none, any, fixed, ignored,
   "Class that may refuse changes of settings."},
  {"auto.create.topics.enable", boolean, "true", any, fixed, honoured,
   "Whether a topic that a client asks for is created when it does not exist."},
  {"auto.leader.rebalance.enable", boolean, "true", any, fixed, ignored,
   "Whether leadership goes back to preferred replicas by itself."},
  {"background.threads", int32, "10", at_least(1), cluster, ignored,
   "Threads for background work; here there are no such."},
  {"broker.heartbeat.interval.ms", int32, "2000", any, fixed, honoured,
   "How often a node tells the controller that it lives."},
  {"broker.id", int32, "-1", at_least(-1), fixed, honoured,
   "Older name of `node.id`."},
  {"broker.rack", string, none, any, fixed, honoured,
   "Where the node stands; replicas are spread over racks, and clients may read from their own."},
  {"broker.session.timeout.ms", int32, "9000", any, fixed, honoured,
   "A node that was silent for this long is taken for dead."},
  {"client.quota.callback.class", class_name, none, any, fixed, ignored,
   "Class that decides on clients' quotas."},
  {"config.providers", list, "", any, cluster, ignored,
   "Names of plug-ins that fetch values of settings from elsewhere."},
  {"controlled.shutdown.enable", boolean, "true", any, fixed, ignored,
   "Whether leadership is handed over before a node stops."},
  {"create.topic.policy.class.name", class_name, none, any, fixed, ignored,
   "Class that may refuse new topics."},
  {"default.replication.factor", int32, "1", at_least_or(1, -1), fixed, honoured,
   "Replicas of a partition where the request does not say, and of topics created by themselves."},
  {"delete.records.purgatory.purge.interval.requests", int32, "1", any, fixed, ignored,
   "How often finished DeleteRecords requests are swept from memory."},
  {"delete.topic.enable", boolean, "true", any, fixed, honoured,
   "Whether topics may be deleted."},
  {"fetch.max.bytes", int32, "57671680", at_least(1024), fixed, honoured,
   "Largest answer to a fetch; a single batch may exceed it so that readers get on."},
  {"fetch.purgatory.purge.interval.requests", int32, "1000", any, fixed, ignored,
   "How often finished fetches are swept from memory."},
  {"initial.broker.registration.timeout.ms", int32, "60000", any, fixed, ignored,
   "How long a starting node tries to register before it gives up."},
  {"kafka.metrics.polling.interval.secs", int32, "10", at_least(1), fixed, ignored,
   "How often the older kind of metrics reporters is fed."},
  {"kafka.metrics.reporters", list, "", any, fixed, ignored,
   "Classes of the older kind that metrics are handed to."},
  {"leader.imbalance.check.interval.seconds", int64, "300", at_least(1), fixed, ignored,
   "How often it is checked whether leadership should go back to preferred replicas."},
  {"max.incremental.fetch.session.cache.slots", int32, "1000", at_least(0), fixed, honoured,
   "Fetch sessions kept at the same time (KIP-227)."},
  {"metric.reporters", list, "org.apache.kafka.common.metrics.JmxReporter", any, cluster, ignored,
   "Classes that metrics are handed to."},
  {"metrics.num.samples", int32, "2", at_least(1), fixed, ignored,
   "Samples kept for each metric."},
  {"metrics.recording.level", string, "INFO", any, fixed, ignored,
   "How much detail metrics have: INFO, DEBUG or TRACE."},
  {"metrics.sample.window.ms", int64, "30000", at_least(1), fixed, ignored,
   "Length of one sample of a metric."},
  {"node.id", int32, "1", at_least(0), fixed, honoured,
   "Number of this node, unique in the cluster."},
  {"num.partitions", int32, "1", at_least(1), fixed, honoured,
   "Partitions of a topic where the request does not say, and of topics created by themselves."},
  {"process.roles", list, "broker,controller", one_of("broker|controller"), fixed, honoured,
   "Parts this node plays: `broker`, `controller` or both."},
  {"producer.id.expiration.check.interval.ms", int32, "600000", at_least(1), fixed, hidden,
   "How often expired producers are looked for."},
  {"producer.id.expiration.ms", int32, "86400000", at_least(1), cluster, honoured,
   "How long the sequence numbers of a silent idempotent producer are remembered."},
  {"producer.purgatory.purge.interval.requests", int32, "1000", any, fixed, ignored,
   "How often finished produce requests are swept from memory."},
  {"server.max.startup.time.ms", int64, "9223372036854775807", at_least(0), fixed, hidden,
   "How long a start may take before it is given up."},
  {"telemetry.max.bytes", int32, "1048576", at_least(1), fixed, ignored,
   "Largest set of metrics that a client may push."},
  {"unstable.api.versions.enable", boolean, "false", any, fixed, hidden,
   "Whether versions of the protocol under development are offered."},
  {"unstable.feature.versions.enable", boolean, "false", any, fixed, hidden,
   "Whether feature levels under development are offered."},
};

}  // namespace

std::span<const setting> node() {
  return table;
}

}  // namespace troupe::config::rows
