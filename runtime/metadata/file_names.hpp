#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace troupe::metadata {

/// A number in `width` digits with leading zeros, so that names sort as numbers do.
std::string padded(std::int64_t number, std::size_t width);

/// The number in exactly `width` digits; none for other texts.
std::optional<std::int64_t> parse_padded(std::string_view text, std::size_t width);

}  // namespace troupe::metadata
