#pragma once

#include "runtime/authority/transport.hpp"
#include "runtime/net/tls_context.hpp"

#include <memory>
#include <string>

namespace troupe::net {

/// `stream`, secured: what is sent is encrypted, what is read decrypted, after a handshake that begins with `start`.
/// Parts of files pass through memory here. A failed handshake, or bytes that were altered, end the connection; its
/// reader hears why. As the server of whoever has connected.
std::shared_ptr<connection> secure_server(std::shared_ptr<connection> stream, std::shared_ptr<const tls_context> by);

/// Likewise, as the client of a server that was dialled as `host`.
std::shared_ptr<connection> secure_client(std::shared_ptr<connection> stream, std::shared_ptr<const tls_context> by,
                                          const std::string& host);

}  // namespace troupe::net
