#pragma once

#include "actors/api/handler.hpp"

#include <functional>

namespace troupe::api {

/// Calls `answer` as soon as `is_led` is true, or after a moment all the same.
///
/// A client that has lost a leader asks the other nodes at once who leads now, before anyone was elected. It would wait
/// for its own time-outs after each answer that does not help it (librdkafka up to a second), and the election takes
/// a tenth of that: so the answer waits for it. Later replies of the connection wait, too.
void await_leaders(session_port& in, std::function<bool()> is_led, std::function<void()> answer);

}  // namespace troupe::api
