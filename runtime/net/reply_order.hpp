#pragma once

#include "runtime/base/chunk.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

namespace troupe::net {

/// Keeps the replies of one connection in the order of its requests, whatever order they are made in. Pure; owned by
/// the session actor.
class reply_order {
 public:
  /// Names one request that awaits its reply. Never reused within a connection.
  using slot = std::uint64_t;

  /// Takes the next place in the order for a request that occupies `request_bytes` until it is answered.
  slot open(std::size_t request_bytes);

  /// Sets the reply of `at`; no parts at all for a request that is not answered (acks=0).
  void fill(slot at, std::vector<chunk> reply);

  /// What may leave now: the replies from the front of the order on that are complete.
  struct ready {
    std::vector<chunk> parts;
    std::size_t request_bytes = 0;  ///< memory of the requests thereby done with
    std::size_t request_count = 0;
  };
  ready take_ready();

  std::size_t open_count() const { return waiting_.size(); }

 private:
  struct entry {
    std::size_t request_bytes = 0;
    bool done = false;
    std::vector<chunk> reply;
  };
  slot first_ = 0;
  std::deque<entry> waiting_;
};

}  // namespace troupe::net
