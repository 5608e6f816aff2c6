#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <vector>

/// Numbers in the metadata log's files are little-endian, as Cap'n Proto's are.
namespace troupe::metadata {

template <std::integral T>
T get_le(const std::uint8_t* from) {
  std::uint64_t out = 0;
  for (std::size_t i = sizeof(T); i-- > 0;)
    out = out << 8 | from[i];
  return static_cast<T>(out);
}

template <std::integral T>
void put_le(std::uint8_t* to, T value) {
  auto rest = static_cast<std::uint64_t>(value);
  for (std::size_t i = 0; i < sizeof(T); ++i, rest >>= 8)
    to[i] = static_cast<std::uint8_t>(rest);
}

template <std::integral T>
void append_le(std::vector<std::uint8_t>& to, T value) {
  to.resize(to.size() + sizeof(T));
  put_le(to.data() + to.size() - sizeof(T), value);
}

}  // namespace troupe::metadata
