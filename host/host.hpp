#pragma once

#include "runtime/authority/log_sink.hpp"
#include "runtime/config/broker_config.hpp"
#include "runtime/group/assignor.hpp"

namespace troupe {

/// What a program adds to the node that it hosts.
struct node_additions {
  group::assignor_list assignors;  ///< of consumer groups (KIP-848), for `group.consumer.assignors` to name
};

/// Runs a node on this machine until SIGTERM or SIGINT: `troupe serve` as a function, for programs with parts of their
/// own in the node. Prints `ready NAME://HOST:PORT`, a line a listener, when the cluster counts on it, and log lines
/// from `level` on to stderr. Call it from main, with no other thread running. The process ends inside of it, with 0
/// after a clean stop and 1 when the node could not start or failed.
[[noreturn]] void host_node(config::broker_config settings, node_additions own = {},
                            log_level level = log_level::info);

}  // namespace troupe
