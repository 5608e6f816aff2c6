#pragma once

#include "runtime/kafka/codec.hpp"

#include <cstdlib>

/// What both fuzzers of the protocol demand of a message that was read.
namespace troupe::kafka::fuzz {

template <class Message>
byte_slice encode(const Message& message, std::int16_t version) {
  writer out;
  message.encode(out, version);
  if (!out.ok())
    std::abort();  // what was read can be written
  return flatten(std::move(out).finish());
}

/// Aborts unless `message` is the same after it was written and read again.
template <class Message>
void demand_round_trip(const Message& message, std::int16_t version) {
  const auto bytes = encode(message, version);
  reader from{bytes};
  Message again;
  again.decode(from, version);
  from.expect_end("message");
  if (!from.ok() || encode(again, version) != bytes)
    std::abort();
}

}  // namespace troupe::kafka::fuzz
