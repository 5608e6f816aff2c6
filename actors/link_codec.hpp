#pragma once

#include "runtime/net/link_frame.hpp"

#include <caf/actor.hpp>
#include <caf/fwd.hpp>
#include <caf/message.hpp>

#include <functional>

/// Which messages of actors can cross a link, and how: a table of requests with their answers in `link_codec.cpp`.
namespace troupe {

/// The message inside `m`, which must be a single `wire<T>` of the table. Nothing is copied. Error: `m` is another
/// message, which is a defect of the sender.
expected<net::packed_message> pack(const caf::message& m);

/// The message that came, checked as a whole. Errors: an unknown type, as a newer node may send, or a malformed
/// message.
expected<caf::message> unpack(net::packed_message m);

/// Hears the answer to a call, in the actor that brought the call.
using answer_taker = std::function<void(expected<net::packed_message>)>;

/// Brings a call that came over a link to `service`; `done` is null when no answer is awaited. Errors as `unpack`.
error deliver_call(caf::event_based_actor& self, const caf::actor& service, net::packed_message m, answer_taker done);

}  // namespace troupe
