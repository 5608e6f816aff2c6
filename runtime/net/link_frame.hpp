#pragma once

#include "runtime/base/chunk.hpp"
#include "runtime/base/error.hpp"
#include "runtime/wire/builder.hpp"
#include "schema/link.capnp.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace troupe::net {

/// The version of the conversation between nodes that this node speaks.
constexpr std::uint16_t link_version = 1;

/// A message on its way between two nodes: what Cap'n Proto calls its type, its own bytes, and its attachments.
struct packed_message {
  std::uint64_t type = 0;  ///< 0: no message
  byte_slice content;
  std::vector<chunk> attachments;
};

/// One frame as it came in, without its length.
struct link_frame {
  wire<schema::LinkFrame> head;
  packed_message message;
};

/// Takes a frame apart; the message's parts share the frame's memory. Error: what is wrong with it; the link cannot be
/// trusted then.
expected<link_frame> parse_link_frame(const byte_slice& frame);

/// A whole frame, its length in front: what `head` says, and `carried`. Nothing of the message is copied.
std::vector<chunk> make_link_frame(wire_builder<schema::LinkFrame>&& head, packed_message carried = {});

}  // namespace troupe::net
