#pragma once

#include "runtime/authority/disk.hpp"
#include "runtime/config/broker_config.hpp"
#include "runtime/net/tls_context.hpp"

#include <memory>

namespace troupe {

/// The TLS of a listener as its `ssl.` settings have it, or those of `listener.name.<name>.ssl.` where they are given;
/// null for a listener whose protocol is not SSL. `for_nodes`: the listener for other nodes, where both ends show a
/// certificate; the same context dials them. Reads key and trust files. Errors name setting, file and remedy.
expected<std::shared_ptr<const net::tls_context>> tls_of(disk& storage, const config::broker_config& settings,
                                                         const config::listener& which, bool for_nodes);

}  // namespace troupe
