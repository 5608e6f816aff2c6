#include "runtime/base/bytes.hpp"

#include <algorithm>

namespace troupe {

byte_slice byte_slice::copy_of(bytes_view from) {
  unique_buffer buffer{from.size()};
  std::copy(from.begin(), from.end(), buffer.data());
  return std::move(buffer).freeze(from.size());
}

byte_slice byte_slice::adopt(std::vector<std::uint8_t>&& buffer) {
  auto owner = std::make_shared<const std::vector<std::uint8_t>>(std::move(buffer));
  bytes_view part{*owner};
  return {std::move(owner), part};
}

unique_buffer::unique_buffer(std::size_t size)
  : bytes_(std::make_shared_for_overwrite<std::uint8_t[]>(size)), size_(size) {}

byte_slice unique_buffer::freeze(std::size_t count) && {
  bytes_view part{bytes_.get(), count};
  size_ = 0;
  return {std::shared_ptr<const void>{std::move(bytes_), part.data()}, part};
}

}  // namespace troupe
