#pragma once

#include "runtime/base/chunk.hpp"

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

#include <string>

namespace troupe {

class node_context;

/// Read a part of a file that is not in memory.
struct read_region {
  file_region region;
};

/// Its bytes.
struct region_bytes {
  byte_slice bytes;
};

/// Reads what would keep its asker waiting for the device: a few workers on threads of their own.
///
/// Messages  read_region → region_bytes   fewer bytes than asked only where the file ends
/// Exits     never by itself
caf::actor spawn_reader(node_context& context, std::string name);

}  // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::read_region)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::region_bytes)
