#pragma once

#include "runtime/group/assignor.hpp"
#include "runtime/kafka/errors.hpp"
#include "schema/kafka/consumer_group_heartbeat.hpp"

#include <optional>
#include <string>

namespace troupe::group {

/// Why a request is refused, as the client is told.
struct refusal {
  kafka::error_code code;
  std::string message;
};

/// What makes a heartbeat of the consumer protocol wrong whatever its group is like; none when it is in order. The
/// words are those of Kafka's coordinator.
std::optional<refusal> fault_of(const kafka::consumer_group_heartbeat_request& r, std::int16_t version,
                                const assignor_list& assignors);

}  // namespace troupe::group
