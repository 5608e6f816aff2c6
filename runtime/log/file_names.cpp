#include "runtime/log/file_names.hpp"

#include <charconv>

namespace troupe::log {

namespace {
constexpr std::size_t digits = 20;
}

std::string offset_file_name(offset base, std::string_view suffix) {
  auto number = std::to_string(base.value);
  number.insert(0, digits - number.size(), '0');
  return number.append(suffix);
}

std::optional<offset_file> parse_offset_file(std::string_view name) {
  if (name.size() <= digits || name[digits] != '.' || name.find_first_not_of("0123456789") != digits)
    return std::nullopt;
  offset_file file;
  const auto [end, wrong] = std::from_chars(name.data(), name.data() + digits, file.base.value);
  if (wrong != std::errc{} || end != name.data() + digits)
    return std::nullopt;
  file.suffix = name.substr(digits);
  return file;
}

}  // namespace troupe::log
