#pragma once

#include <caf/actor.hpp>
#include <caf/message.hpp>

#include <functional>

namespace troupe::sim {

/// Hears of each message that an actor is going to handle, right before it does: which actor, and a copy.
using mail_listener = std::function<void(const caf::actor& to, const caf::message& what)>;

}  // namespace troupe::sim
