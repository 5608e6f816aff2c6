#pragma once

#include "tools/local/cluster_file.hpp"

namespace troupe::tools {

/// Gives `count` more nodes ids and ports: clients' from `port` on (0: the system chooses), those for other nodes a
/// hundred above where that is free. Errors name the port that is taken.
error add_nodes(local_cluster& to, std::size_t count, std::uint16_t port);

/// No error when a node could listen on both its ports.
error check_ports(const local_node& n);

}  // namespace troupe::tools
