#pragma once

#include "runtime/base/ids.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace troupe::metadata {

/// Settings that were given to one resource while running, by key, sorted. Values are as given, not normalised.
using config_map = std::map<std::string, std::string, std::less<>>;

/// What settings can be given to while running.
enum class config_resource_type : std::uint8_t { topic, broker, cluster_default, group };

}  // namespace troupe::metadata
