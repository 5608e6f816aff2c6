#pragma once

#include "runtime/authority/clock.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

/// What a controller sends itself.
namespace troupe {

/// Raft's time-outs. One that was armed before an earlier one does not count.
struct quorum_tick {
  monotonic_time due;
};
/// Has a broker been silent for too long, does a request wait for too long, is there a voter to add?
struct watch_tick {};

}  // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::quorum_tick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::watch_tick)
