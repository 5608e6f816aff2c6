#pragma once

#include "runtime/metadata/bounds.hpp"

#include <cstddef>
#include <cstdint>

/// Named limits of the metadata quorum: what other nodes may make one keep or send.
namespace troupe::bounds {

constexpr std::size_t raft_voters_max = 15;
constexpr std::size_t raft_learners_max = brokers_max;         ///< nodes that one leader pushes the log to, beside the voters
constexpr std::size_t raft_appends_in_flight_max = 16;         ///< messages with entries that one node has not confirmed
constexpr std::int64_t raft_entries_per_append_max = 1'024;
constexpr std::int64_t raft_voter_lag_max = 128;               ///< entries a node may be behind and still be made a voter
constexpr std::int64_t raft_term_max = std::int64_t{1} << 53;  ///< what lies above was never reached by elections
constexpr int raft_redirects_max = 3;                          ///< hints at a leader that are followed without a pause
constexpr std::size_t raft_host_bytes_max = 255;               ///< of a voter's endpoint
constexpr std::size_t raft_append_bytes = std::size_t{1} << 20;       ///< a message takes entries up to this, but one at least
constexpr std::size_t raft_snapshot_chunk_bytes = std::size_t{1} << 20;
constexpr std::int64_t raft_snapshot_bytes_max = snapshot_bytes_max;  ///< a larger one from a peer is not taken

}  // namespace troupe::bounds
