#pragma once

#include "runtime/base/bytes.hpp"

#include <cstdint>
#include <vector>

namespace troupe::log {

/// Appends `value` as a zigzag varint, the form of all numbers inside a record.
inline void put_varint(std::vector<std::uint8_t>& to, std::int64_t value) {
  auto v = (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
  while (v >= 0x80) {
    to.push_back(static_cast<std::uint8_t>(v | 0x80));
    v >>= 7;
  }
  to.push_back(static_cast<std::uint8_t>(v));
}

/// Reads one after the other from borrowed bytes; a read that fails leaves nothing to read.
class varint_reader {
 public:
  explicit varint_reader(bytes_view from) : left_(from) {}

  /// A zigzag varint of at most 64 bits.
  bool take(std::int64_t& value) {
    std::uint64_t v = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
      if (left_.empty())
        return fail();
      const auto byte = left_.front();
      left_ = left_.subspan(1);
      if (shift == 63 && byte > 1)
        return fail();
      v |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) {
        value = static_cast<std::int64_t>(v >> 1) ^ -static_cast<std::int64_t>(v & 1);
        return true;
      }
    }
    return fail();
  }

  /// A zigzag varint that fits 32 bits.
  bool take(std::int32_t& value) {
    std::int64_t wide = 0;
    if (!take(wide) || wide < INT32_MIN || wide > INT32_MAX)
      return fail();
    value = static_cast<std::int32_t>(wide);
    return true;
  }

  /// `count` bytes as they are.
  bool take(std::size_t count, bytes_view& part) {
    if (count > left_.size())
      return fail();
    part = left_.first(count);
    left_ = left_.subspan(count);
    return true;
  }

  bytes_view left() const { return left_; }

 private:
  bool fail() {
    left_ = {};
    return false;
  }

  bytes_view left_;
};

}  // namespace troupe::log
