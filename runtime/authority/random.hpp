#pragma once

#include "runtime/base/ids.hpp"

#include <cstdint>
#include <span>

namespace troupe {

/// What randomness is drawn for. Each purpose is a stream of its own, so that one draw more in one does not shift the
/// others in a simulated run.
enum class random_purpose : std::uint8_t { identity, election, backoff, placement, session, sampling };

/// Where product code gets randomness from. Callable from any thread.
class random_source {
 public:
  virtual ~random_source() = default;
  virtual std::uint64_t next(random_purpose purpose) = 0;
};

/// A new topic id; never all zero and never starting with '-', so that it is a safe argument on a command line.
topic_id new_topic_id(random_source& from);

}  // namespace troupe
