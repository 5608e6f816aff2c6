#pragma once

#include "runtime/config/layers.hpp"
#include "runtime/log/options.hpp"

namespace troupe::config {

/// The effective settings of a topic as its logs take them, by the precedence of `topic_value`. The values in `from`
/// have been checked when they were given, so there is no error.
log::options topic_options(const layers& from);

/// Whether `key`, one of `leader.replication.throttled.replicas` and `follower.replication.throttled.replicas`, names
/// the replica of partition `index` on node `on`.
bool names_replica(const layers& from, std::string_view key, partition_index index, node_id on);

}  // namespace troupe::config
