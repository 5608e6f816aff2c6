#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace troupe::group {

/// Settings of Kafka's that a group coordinator goes by; the defaults are Kafka's.
struct options {
  std::chrono::milliseconds session_timeout_min{6'000};          ///< `group.min.session.timeout.ms`
  std::chrono::milliseconds session_timeout_max{1'800'000};      ///< `group.max.session.timeout.ms`
  std::chrono::milliseconds initial_rebalance_delay{3'000};      ///< `group.initial.rebalance.delay.ms`
  std::size_t members_max = std::numeric_limits<std::int32_t>::max();  ///< `group.max.size`
  std::size_t offset_metadata_max = 4'096;                       ///< `offset.metadata.max.bytes`
  std::chrono::milliseconds offsets_retention{10'080ll * 60'000};  ///< `offsets.retention.minutes`
  std::chrono::milliseconds offsets_check_interval{600'000};     ///< `offsets.retention.check.interval.ms`

  // -- groups of the consumer protocol (KIP-848) --------------------------------------------------------------------

  std::chrono::milliseconds consumer_session_timeout{45'000};    ///< `group.consumer.session.timeout.ms`
  std::chrono::milliseconds consumer_heartbeat_interval{1'000};  ///< `group.consumer.heartbeat.interval.ms`
  std::size_t consumers_max = std::numeric_limits<std::int32_t>::max();  ///< `group.consumer.max.size`
  std::chrono::milliseconds assignment_interval{0};              ///< `group.consumer.assignment.interval.ms`
  bool upgrades = true;    ///< `group.consumer.migration.policy`: a classic group may become a consumer group
  bool downgrades = true;  ///< and the other way round
  bool consumer_groups = true;  ///< `group.coordinator.rebalance.protocols` has `consumer`
};

}  // namespace troupe::group
