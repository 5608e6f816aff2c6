#pragma once

#include "runtime/base/error.hpp"

#include <charconv>
#include <optional>
#include <string_view>
#include <vector>

// The text form that Kafka's checkpoint files share: version, count, one line an entry.

namespace troupe::log {

/// The entry lines of a checkpoint file of version 0. `corrupt_file` with the reason when version or count do not
/// hold; an empty file is not in order either.
expected<std::vector<std::string_view>> checkpoint_lines(std::string_view content);

/// The parts of a line between single spaces.
std::vector<std::string_view> split_words(std::string_view line);

/// A decimal number that fills all of `text`.
template <class Int>
std::optional<Int> parse_number(std::string_view text) {
  Int value{};
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (wrong != std::errc{} || end != text.data() + text.size())
    return std::nullopt;
  return value;
}

}  // namespace troupe::log
