#pragma once

#include "runtime/base/bytes.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace troupe::log {

static_assert(std::endian::native == std::endian::little, "Troupe is built for little-endian machines");

/// Numbers in network order at a place inside bytes, as Kafka's files and batches hold them. The caller has checked
/// that the place lies inside.
inline std::int16_t load_i16(bytes_view from, std::size_t at) {
  std::uint16_t v;
  std::memcpy(&v, from.data() + at, sizeof v);
  return static_cast<std::int16_t>(__builtin_bswap16(v));
}

/// As `load_i16`, four bytes.
inline std::int32_t load_i32(bytes_view from, std::size_t at) {
  std::uint32_t v;
  std::memcpy(&v, from.data() + at, sizeof v);
  return static_cast<std::int32_t>(__builtin_bswap32(v));
}

/// As `load_i16`, eight bytes.
inline std::int64_t load_i64(bytes_view from, std::size_t at) {
  std::uint64_t v;
  std::memcpy(&v, from.data() + at, sizeof v);
  return static_cast<std::int64_t>(__builtin_bswap64(v));
}

/// Writes two bytes in network order; the caller has checked that the place lies inside.
inline void store_i16(std::span<std::uint8_t> to, std::size_t at, std::int16_t value) {
  const auto v = __builtin_bswap16(static_cast<std::uint16_t>(value));
  std::memcpy(to.data() + at, &v, sizeof v);
}

/// As `store_i16`, four bytes.
inline void store_i32(std::span<std::uint8_t> to, std::size_t at, std::int32_t value) {
  const auto v = __builtin_bswap32(static_cast<std::uint32_t>(value));
  std::memcpy(to.data() + at, &v, sizeof v);
}

/// As `store_i16`, eight bytes.
inline void store_i64(std::span<std::uint8_t> to, std::size_t at, std::int64_t value) {
  const auto v = __builtin_bswap64(static_cast<std::uint64_t>(value));
  std::memcpy(to.data() + at, &v, sizeof v);
}

}  // namespace troupe::log
