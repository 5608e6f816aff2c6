#pragma once

#include "runtime/metadata/bounds.hpp"

#include <cstddef>
#include <cstdint>

/// Named limits of the metadata quorum: what other nodes may make one keep or send.
namespace troupe::bounds {

constexpr std::size_t raft_voters_max = 15;
constexpr std::size_t raft_learners_max = brokers_max;            ///< nodes that a leader pushes to, beside the voters
constexpr std::size_t raft_appends_in_flight_max = 16;            ///< requests that one member has not confirmed
constexpr std::int64_t raft_entries_per_append_max = 1'024;
constexpr std::int64_t raft_voter_lag_max = 128;                  ///< entries a node may lack and still become a voter
constexpr std::int64_t raft_term_max = std::int64_t{1} << 53;     ///< what lies above was never reached by elections
constexpr int raft_redirects_max = 3;                             ///< hints at a leader that are followed at once
constexpr std::size_t raft_append_bytes = std::size_t{1} << 20;   ///< entries in one request; one may be larger
constexpr std::size_t raft_piece_bytes = std::size_t{1} << 20;    ///< of a snapshot in one request
constexpr std::int64_t raft_snapshot_bytes_max = snapshot_bytes_max;  ///< a larger one from a peer is not taken

}  // namespace troupe::bounds
