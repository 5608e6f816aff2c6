#include "runtime/log/batch_walk.hpp"

#include "runtime/log/errors.hpp"

#include <algorithm>

namespace troupe::log {

error batch_walk::fill() {
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(buffer_.size(), end_ - position_));
  auto got = in_.read(position_, std::span{buffer_}.first(count));
  if (!got)
    return got.error();
  buffered_from_ = position_;
  buffered_ = *got;
  return {};
}

expected<std::optional<batch_head>> batch_walk::next() {
  if (position_ >= end_ || end_ - position_ < batch_header_bytes)
    return std::optional<batch_head>{};
  const bool buffered = position_ >= buffered_from_ && position_ + batch_header_bytes <= buffered_from_ + buffered_;
  if (!buffered)
    if (auto failed = fill())
      return failed;
  const auto at = static_cast<std::size_t>(position_ - buffered_from_);
  if (buffered_ - at < batch_header_bytes)
    return std::optional<batch_head>{};  // the file is shorter than its owner thinks
  auto head = batch_head::decode(bytes_view{buffer_}.subspan(at, batch_header_bytes), position_);
  if (!head)
    return head.error();
  if (head->end_position() > end_)
    return std::optional<batch_head>{};
  position_ = head->end_position();
  return std::optional<batch_head>{*head};
}

expected<byte_slice> read_batch(file& in, const batch_head& head) {
  unique_buffer whole{head.size_bytes};
  auto got = in.read(head.position, whole.span());
  if (!got)
    return got.error();
  if (*got != head.size_bytes)
    return make_error(errc::corrupt_batch,
                      "the file ends inside the batch at offset " + std::to_string(head.base.value));
  return std::move(whole).freeze(head.size_bytes);
}

}  // namespace troupe::log
