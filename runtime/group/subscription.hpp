#pragma once

#include "runtime/base/bytes.hpp"

#include <optional>
#include <string>
#include <vector>

namespace troupe::group {

/// Type of the groups whose members are consumers.
inline constexpr auto consumer_protocol = "consumer";

/// The topics in a consumer's metadata, which begins like version 0 of the consumer protocol in all of its versions;
/// none when it cannot be read.
std::optional<std::vector<std::string>> subscribed_topics(const byte_slice& metadata);

}  // namespace troupe::group
