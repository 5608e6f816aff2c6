#include "runtime/net/framer.hpp"

#include "runtime/base/bounds.hpp"

#include <algorithm>
#include <cstring>
#include <string>

namespace troupe::net {

namespace {

constexpr std::size_t length_bytes = 4;

std::int32_t frame_length(const std::uint8_t* at) {
  return static_cast<std::int32_t>(std::uint32_t{at[0]} << 24 | std::uint32_t{at[1]} << 16
                                   | std::uint32_t{at[2]} << 8 | std::uint32_t{at[3]});
}

}  // namespace

framer::framer(std::size_t frame_bytes_max)
  : frame_bytes_max_(frame_bytes_max), read_bytes_(bounds::read_bytes_min) {}

std::span<std::uint8_t> framer::prepare() {
  if (filled_ == capacity_)
    make_room(0);
  return {buffer_.get() + filled_, capacity_ - filled_};
}

error framer::commit(std::size_t count, std::vector<byte_slice>& frames) {
  const auto filled_the_buffer = count == capacity_ - filled_;
  filled_ += count;
  if (filled_the_buffer && read_bytes_ < bounds::read_bytes_max)
    read_bytes_ *= 2;
  return take_frames(frames);
}

error framer::take_frames(std::vector<byte_slice>& frames) {
  while (filled_ - taken_ >= length_bytes) {
    const auto length = frame_length(buffer_.get() + taken_);
    if (length < 0 || static_cast<std::size_t>(length) > frame_bytes_max_)
      return domain_error(
          error_domain::net, 1,
          "request of " + std::to_string(length) + " bytes refused: at most " + std::to_string(frame_bytes_max_)
              + " are read (socket.request.max.bytes); a client of another protocol or TLS on a plain port?");
    const auto needed = length_bytes + static_cast<std::size_t>(length);
    if (filled_ - taken_ < needed) {
      if (taken_ + needed > capacity_)
        make_room(needed);
      break;
    }
    frames.emplace_back(std::shared_ptr<const void>{buffer_, buffer_.get()},
                        bytes_view{buffer_.get() + taken_ + length_bytes, static_cast<std::size_t>(length)});
    taken_ += needed;
  }
  if (taken_ == filled_) {
    // Everything was handed out: an idle connection keeps no buffer, a busy one gets a fresh one at the next read.
    buffer_.reset();
    capacity_ = filled_ = taken_ = 0;
  } else if (filled_ == capacity_) {
    make_room(0);
  }
  return {};
}

void framer::make_room(std::size_t frame_bytes) {
  const auto partial = filled_ - taken_;
  const auto capacity = std::max(frame_bytes, partial + read_bytes_);
  auto fresh = std::make_shared_for_overwrite<std::uint8_t[]>(capacity);
  if (partial > 0)
    std::memcpy(fresh.get(), buffer_.get() + taken_, partial);
  buffer_ = std::move(fresh);
  capacity_ = capacity;
  filled_ = partial;
  taken_ = 0;
}

}  // namespace troupe::net
