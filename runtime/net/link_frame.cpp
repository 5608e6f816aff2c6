#include "runtime/net/link_frame.hpp"

#include "runtime/base/bounds.hpp"

#include <string>
#include <utility>

namespace troupe::net {

namespace {

constexpr std::size_t prefix_bytes = 8;  // the frame's length as `framer` reads it, then that of its head
constexpr std::size_t head_length_bytes = 4;

void put_u32(std::uint8_t* to, std::size_t value) {
  for (int i = 0; i < 4; ++i)
    to[i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
}

std::size_t get_u32(const std::uint8_t* from) {
  return std::size_t{from[0]} << 24 | std::size_t{from[1]} << 16 | std::size_t{from[2]} << 8 | std::size_t{from[3]};
}

error malformed(const std::string& what) {
  return domain_error(error_domain::net, 2, "a frame from another node cannot be read: " + what);
}

}  // namespace

expected<link_frame> parse_link_frame(const byte_slice& frame) {
  if (frame.size() < head_length_bytes)
    return malformed("it has " + std::to_string(frame.size()) + " bytes");
  const auto head_bytes = get_u32(frame.data());
  if (head_bytes > frame.size() - head_length_bytes)
    return malformed("its head is longer than the frame");
  auto head = wire<schema::LinkFrame>::from_bytes(frame.view().subspan(head_length_bytes, head_bytes),
                                                  {.bytes_max = bounds::link_head_bytes_max});
  if (!head)
    return malformed(render(head.error()));
  link_frame out{std::move(*head), {}};
  out.message.type = out.head->getMessageType();
  auto at = head_length_bytes + head_bytes;
  const auto take = [&](std::size_t size, byte_slice& into) {
    if (size > frame.size() - at)
      return false;
    into = frame.sub(at, size);
    at += size;
    return true;
  };
  if (!take(out.head->getMessageBytes(), out.message.content))
    return malformed("its message is longer than the frame");
  for (const auto size : out.head->getAttachmentBytes()) {
    byte_slice part;
    if (!take(size, part))
      return malformed("its attachments are longer than the frame");
    out.message.attachments.emplace_back(std::move(part));
  }
  if (at != frame.size())
    return malformed(std::to_string(frame.size() - at) + " bytes follow its message");
  return out;
}

std::vector<chunk> make_link_frame(wire_builder<schema::LinkFrame>&& head, packed_message carried) {
  head->setMessageType(carried.type);
  head->setMessageBytes(static_cast<std::uint32_t>(carried.content.size()));
  auto sizes = head->initAttachmentBytes(static_cast<unsigned>(carried.attachments.size()));
  std::size_t total = carried.content.size();
  for (unsigned i = 0; i < carried.attachments.size(); ++i) {
    sizes.set(i, static_cast<std::uint32_t>(size_of(carried.attachments[i])));
    total += size_of(carried.attachments[i]);
  }
  auto head_bytes = std::move(head).freeze().to_bytes();
  total += head_length_bytes + head_bytes.size();
  unique_buffer prefix{prefix_bytes};
  put_u32(prefix.data(), total);
  put_u32(prefix.data() + 4, head_bytes.size());
  std::vector<chunk> parts;
  parts.reserve(3 + carried.attachments.size());
  parts.emplace_back(std::move(prefix).freeze(prefix_bytes));
  parts.emplace_back(std::move(head_bytes));
  if (!carried.content.empty())
    parts.emplace_back(std::move(carried.content));
  for (auto& part : carried.attachments)
    parts.push_back(std::move(part));
  return parts;
}

}  // namespace troupe::net
