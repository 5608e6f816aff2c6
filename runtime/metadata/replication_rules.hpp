#pragma once

#include "runtime/metadata/image.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace troupe::metadata {

/// Effective settings of one topic that decide who may lead its partitions. Pure values.
struct replication_settings {
  std::int32_t min_in_sync = 1;   ///< `min.insync.replicas`
  bool unclean_election = false;  ///< `unclean.leader.election.enable`
  bool synced = true;             ///< `durability=fsync`: what was acknowledged outlives a stop that was not clean
};

/// How many replicas must be in the ISR before records of `p` count as committed: never more than it has. Leaders have
/// to go by the same number, or the ELR promises too much.
inline std::size_t min_in_sync(const replication_settings& of, const partition& p) {
  return std::min(static_cast<std::size_t>(std::max(of.min_in_sync, 1)), p.replicas.size());
}

}  // namespace troupe::metadata
