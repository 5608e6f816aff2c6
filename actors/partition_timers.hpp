#pragma once

#include <caf/allowed_unsafe_message_type.hpp>

/// What a partition sends itself.
namespace troupe {

/// A deadline of a parked request may have come.
struct deadline_tick {};
/// flush.ms is over since something was appended.
struct flush_tick {};

}  // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::deadline_tick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::flush_tick)
