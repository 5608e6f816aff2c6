#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace troupe::load {

/// Record values that look like log lines: half words out of a small dictionary, half random digits, so that lz4 makes
/// about half of a batch. Many different ones, so that no batch repeats a value. Equal seeds give equal bytes.
class payload {
 public:
  payload(std::size_t record_bytes, std::uint64_t seed);

  /// The value of the record number `index`; valid as long as this object.
  std::span<std::uint8_t> value(std::uint64_t index);

 private:
  std::size_t record_bytes_;
  std::size_t variants_;
  std::vector<std::uint8_t> bytes_;
};

}  // namespace troupe::load
