#pragma once

#include "tools/local/cluster_file.hpp"

#include <chrono>

namespace troupe::tools {

/// Starts the nodes that do not run and waits until the whole cluster is ready: every node answers, all are registered
/// and not fenced, and the metadata quorum has as many voters as it should, so that any one node may be lost from then
/// on. What fails ends what this call has started. Numbers of processes are saved as they come.
error start_nodes(local_cluster& c, std::chrono::seconds patience);

/// Asks all nodes that run to stop, all at once: one after the other the last one would be left as the only replica in
/// sync, and the others would have to wait for it at the next start. Says on stdout what ended; the error names
/// what is still there after `patience`.
error stop_nodes(const local_cluster& c, std::chrono::seconds patience);

}  // namespace troupe::tools
