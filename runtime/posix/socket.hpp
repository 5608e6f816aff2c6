#pragma once

#include "runtime/authority/transport.hpp"

#include <cstddef>
#include <deque>
#include <string>

namespace troupe::posix {

/// "host:port", with brackets around an IPv6 host.
std::string to_text(const endpoint& e);

/// A bound, listening, non-blocking TCP socket.
expected<int> listen_on(const endpoint& at);

/// A non-blocking TCP socket on its way to `to`; writable once it has arrived or failed. A host that is not a numeric
/// address is looked up here, which may block.
expected<int> connect_to(const endpoint& to);

/// Why the socket did not arrive; no error when it did.
error connect_outcome(int fd, const endpoint& to);

/// The addresses of both ends of `fd`.
endpoint local_endpoint(int fd);
endpoint peer_endpoint(int fd);

/// Sends from the front of `queue` until it is empty or the socket is full, and removes what has left. Never blocks.
/// An error means that the stream is broken.
error send_some(int fd, std::deque<chunk>& queue);

}  // namespace troupe::posix
