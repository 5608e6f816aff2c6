#include "runtime/metadata/file_names.hpp"

#include <charconv>

namespace troupe::metadata {

std::string padded(std::int64_t number, std::size_t width) {
  auto digits = std::to_string(number);
  return digits.size() >= width ? digits : std::string(width - digits.size(), '0') + digits;
}

std::optional<std::int64_t> parse_padded(std::string_view text, std::size_t width) {
  std::int64_t number = 0;
  if (text.size() != width || text.empty() || text.front() == '-')
    return std::nullopt;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc{} || end != text.data() + text.size())
    return std::nullopt;
  return number;
}

}  // namespace troupe::metadata
