#include "runtime/base/chunk.hpp"

#include "runtime/base/invariant.hpp"

#include <algorithm>

namespace troupe {

byte_slice flatten(const std::vector<chunk>& parts) {
  if (parts.size() == 1 && std::holds_alternative<byte_slice>(parts.front()))
    return std::get<byte_slice>(parts.front());
  std::size_t size = 0;
  for (const auto& part : parts)
    size += size_of(part);
  unique_buffer out{size};
  auto* at = out.data();
  for (const auto& part : parts) {
    const auto* bytes = std::get_if<byte_slice>(&part);
    TROUPE_INVARIANT(bytes, "only bytes in memory can be put together");
    at = std::copy_n(bytes->data(), bytes->size(), at);
  }
  return std::move(out).freeze(size);
}

}  // namespace troupe
