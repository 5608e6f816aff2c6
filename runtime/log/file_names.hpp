#pragma once

#include "runtime/base/ids.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace troupe::log {

/// Kafka's name for a file that belongs to an offset: 20 digits and a suffix, e.g. "00000000000000000042.log".
std::string offset_file_name(offset base, std::string_view suffix);

/// A name of the form above, taken apart.
struct offset_file {
  offset base;
  std::string_view suffix;  ///< from the first dot on; borrowed from the name
};

/// Empty when `name` does not start with exactly 20 digits and a dot, or the number does not fit an offset.
std::optional<offset_file> parse_offset_file(std::string_view name);

}  // namespace troupe::log
