#pragma once

#include "actors/session_reader.hpp"
#include "runtime/authority/transport.hpp"
#include "runtime/node/lost_peers.hpp"

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

#include <memory>
#include <vector>

namespace troupe {

/// All frames of a link that one read completed, in order.
struct link_frames {
  std::vector<byte_slice> frames;
};

/// What was queued for a link's socket has left.
struct link_drained {};

/// The connection under a link has ended.
struct link_closed {
  error why;
};

/// Cuts what a link's connection reads into frames, on the I/O thread, and sends them to `owner`, who gives them back
/// to `flow` when they are handled. Cuts `tie` when the connection ends.
std::shared_ptr<stream_reader> make_link_reader(std::weak_ptr<connection> stream, caf::actor owner,
                                                std::shared_ptr<session_flow> flow, std::shared_ptr<link_tie> tie);

}  // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::link_frames)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::link_drained)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::link_closed)
