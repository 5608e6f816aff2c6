#pragma once

#include "tools/local/cluster_file.hpp"

#include <string>

namespace troupe::tools {

/// Starts `troupe serve` of this very program for node `n`, in a session of its own, so that Ctrl-C does not reach it,
/// with what it says appended to its log. Leaves the process's number in `n`. Until the cluster is founded, node 1
/// is told of no other and begins it.
error start_process(const local_cluster& c, local_node& n);

/// Whether the node's process runs: numbers are used again, so its command line must name the node's data.
bool runs(const local_cluster& c, const local_node& n);

/// Asks the process to stop in good order.
void ask_to_stop(const local_node& n);

/// Collects how a child of this process ended, as "exit status 1"; empty while it runs or when it is not a child.
std::string how_it_ended(const local_node& n);

/// The end of what the node has said from `from_bytes` on.
std::string last_words(const local_cluster& c, const local_node& n, std::uint64_t from_bytes);
/// How much it has said so far.
std::uint64_t said_bytes(const local_cluster& c, const local_node& n);

}  // namespace troupe::tools
