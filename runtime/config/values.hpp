#pragma once

#include "runtime/config/settings.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::config {

/// `text` without white space at both ends.
std::string_view trimmed(std::string_view text);
/// The entries of a list as Kafka reads it: split at commas, trimmed, none for an empty text.
std::vector<std::string> split_list(std::string_view text);
/// A decimal integer that fills the whole text, white space at the ends aside; none when it is not one.
std::optional<std::int64_t> parse_integer(std::string_view text);
/// A decimal number that fills the whole text, exponent allowed; none when it is not one.
std::optional<double> parse_real(std::string_view text);
/// `true` or `false` in any case; none for anything else.
std::optional<bool> parse_boolean(std::string_view text);
/// `text` as Kafka prints a value of that type: no white space around it and its entries, booleans in lower case,
/// integers without leading zeros. `text` must be a value of the type.
std::string normalised(value_type type, std::string_view text);

}  // namespace troupe::config
