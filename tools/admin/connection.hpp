#pragma once

#include "runtime/authority/transport.hpp"
#include "runtime/base/chunk.hpp"

#include <chrono>
#include <vector>

namespace troupe::tools {

/// Until when something may take.
using deadline = std::chrono::steady_clock::time_point;

/// A blocking connection to one node, for commands: a frame goes out, the next one comes back. Any error means that it
/// is of no more use. Belongs to one thread.
class connection {
 public:
  connection(connection&& other) noexcept;
  connection& operator=(connection&& other) noexcept;
  ~connection();

  /// Connected, or an error that names the address.
  static expected<connection> open(const endpoint& to, deadline until);

  /// Sends a frame with its length in front and returns the next frame that comes, without it.
  expected<byte_slice> exchange(std::vector<chunk> frame, deadline until);

 private:
  connection(int fd, endpoint to) : fd_(fd), to_(std::move(to)) {}
  error await(short events, deadline until, const char* doing) const;
  error receive(std::span<std::uint8_t> out, deadline until) const;

  int fd_ = -1;
  endpoint to_;
};

}  // namespace troupe::tools
