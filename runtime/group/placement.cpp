#include "runtime/group/placement.hpp"

#include <cstddef>

namespace troupe::group {

namespace {

constexpr char32_t replacement = 0xfffd;  // what Java reads bytes as that are no UTF-8

/// The code point at the front of `text`, which is shortened by it.
char32_t take_code_point(std::string_view& text) {
  const auto first = static_cast<unsigned char>(text.front());
  const std::size_t size = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 0;
  if (size == 0 || size > text.size()) {
    text.remove_prefix(1);
    return replacement;
  }
  char32_t point = size == 1 ? first : first & (0x7fu >> size);
  for (std::size_t i = 1; i < size; ++i)
    point = point << 6 | (static_cast<unsigned char>(text[i]) & 0x3fu);
  text.remove_prefix(size);
  return point;
}

}  // namespace

std::int32_t responsible_partition(std::string_view id, std::int32_t partitions) {
  constexpr char32_t first_of_two = 0x10000;
  std::uint32_t hash = 0;
  while (!id.empty()) {
    const auto point = take_code_point(id);
    if (point >= first_of_two) {
      hash = 31 * hash + (0xd800u + ((point - first_of_two) >> 10));
      hash = 31 * hash + (0xdc00u + ((point - first_of_two) & 0x3ffu));
    } else {
      hash = 31 * hash + point;
    }
  }
  return static_cast<std::int32_t>((hash & 0x7fffffffu) % static_cast<std::uint32_t>(partitions));
}

}  // namespace troupe::group
