#pragma once

#include "runtime/base/chunk.hpp"
#include "runtime/base/invariant.hpp"
#include "runtime/kafka/codec.hpp"

#include <cstdint>
#include <utility>

namespace troupe::kafka {

/// `message` in `version` behind `number`, as keys and values of the coordinators' topics are written: a key behind its
/// type, a value behind its version. Messages that have no form in `version` are a bug of the caller.
template <class Message>
byte_slice numbered(std::int16_t number, const Message& message, std::int16_t version) {
  writer out;
  out.write(number);
  message.encode(out, version);
  TROUPE_INVARIANT(out.ok(), "a record of a coordinator's topic cannot be written");
  return flatten(std::move(out).finish());
}

}  // namespace troupe::kafka
