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
};

}  // namespace troupe::group
