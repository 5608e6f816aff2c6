#pragma once

#include "runtime/metadata/commands.hpp"

#include <cstdint>

/// What becomes of a broker after its registration, and of the partitions that it holds. Heartbeats are not records:
/// the caller keeps time and asks for these when something changes. A negative epoch is not compared, all others must
/// be that of the registration. Pure.
namespace troupe::metadata {

/// Fences a broker that is not heard of any more: it leaves every ISR, and others lead what it led. Nothing when it is
/// fenced already. Errors: broker_id_not_registered, stale_broker_epoch.
expected<records> fence_broker(const image& on, const command_rules& rules, node_id id, std::int64_t epoch);

/// Lets a broker that has caught up with the metadata take part: it leads what nobody leads and what it may. Errors as
/// `fence_broker`.
expected<records> unfence_broker(const image& on, const command_rules& rules, node_id id, std::int64_t epoch);

/// How far a broker is with its controlled shutdown.
struct shutdown_progress {
  std::int32_t leads = 0;        ///< partitions that nobody else can lead yet
  std::int64_t stop_after = 0;   ///< it may stop when all brokers have applied this entry; the first answer counts
  metadata::records records;
};

/// A broker wants to stop: others lead what it led, and it leaves the ISRs in which another broker can lead. To be
/// asked again with each heartbeat until it leads nothing or is stopped all the same. Errors as `fence_broker`.
expected<shutdown_progress> begin_shutdown(const image& on, const command_rules& rules, node_id id, std::int64_t epoch);

/// Forgets a broker for good, as if its disk were gone. It stays among the replicas of its partitions until they are
/// reassigned. Error: broker_id_not_registered.
expected<records> unregister_broker(const image& on, const command_rules& rules, node_id id);

}  // namespace troupe::metadata
