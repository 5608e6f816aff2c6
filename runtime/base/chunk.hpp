#pragma once

#include "runtime/base/bytes.hpp"

#include <cstdint>
#include <memory>
#include <variant>
#include <vector>

namespace troupe {

class file;

/// A part of a file that is sent as it lies there, without passing through our memory. Holding it keeps the file open,
/// also after its name is gone; the bytes in it do not change.
struct file_region {
  std::shared_ptr<file> source;
  std::uint64_t position = 0;
  std::size_t size = 0;
};

/// What a socket is given to send: bytes in memory or a part of a file.
using chunk = std::variant<byte_slice, file_region>;

inline std::size_t size_of(const chunk& c) {
  return std::visit([](const auto& part) -> std::size_t {
    if constexpr (requires { part.size(); })
      return part.size();
    else
      return part.size;
  }, c);
}

/// All bytes of `parts`, none of which may be a part of a file, in one slice.
byte_slice flatten(const std::vector<chunk>& parts);

}  // namespace troupe
