#pragma once

#include "runtime/base/bytes.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

/// What consumers of the classic protocol tell each other through the coordinator, who else takes it as mere bytes. All
/// versions begin like version 0.
namespace troupe::group {

/// Type of the groups whose members are consumers.
inline constexpr auto consumer_protocol = "consumer";

/// Partitions by the name of their topic.
using named_partitions = std::map<std::string, std::vector<std::int32_t>>;

/// What a consumer says when it joins.
struct consumer_subscription {
  std::int16_t version = 0;
  std::vector<std::string> topics;
  named_partitions owned;           ///< that it goes on reading (KIP-429); old ones and eager ones do not say
  std::optional<std::string> rack;
};

/// None when the bytes are none.
std::optional<consumer_subscription> parse_subscription(const byte_slice& metadata);
/// The topics alone; none when they cannot be read.
std::optional<std::vector<std::string>> subscribed_topics(const byte_slice& metadata);

/// What a consumer is to read, for one that understands `version`.
byte_slice encode_assignment(std::int16_t version, const named_partitions& partitions);
/// None when the bytes are none; nothing when there are no bytes.
std::optional<named_partitions> parse_assignment(const byte_slice& assignment);

}  // namespace troupe::group
