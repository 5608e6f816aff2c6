#pragma once

#include <chrono>

namespace troupe::transaction {

/// Settings of Kafka's that a transaction coordinator goes by; the defaults are Kafka's.
struct options {
  std::chrono::milliseconds timeout_max{900'000};         ///< `transaction.max.timeout.ms`
  std::chrono::milliseconds id_expiration{604'800'000};   ///< `transactional.id.expiration.ms`
  std::chrono::milliseconds id_check_interval{3'600'000};
  ///< `transaction.remove.expired.transaction.cleanup.interval.ms`
};

}  // namespace troupe::transaction
