#pragma once

#include "tools/sim/run_options.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace troupe::cluster_sim {

/// What a cluster and its topic are like.
struct cluster_shape {
  std::int32_t nodes = 3;
  std::int16_t replicas = 3;      ///< of each partition of the topic
  std::int32_t min_in_sync = 2;
  std::string durability = "fsync";
  std::int32_t segment_ms = 0;        ///< age at which a segment of the topic is rolled; 0: as the settings say
  std::vector<std::string> settings;  ///< on top of those that make the cluster

  /// True when a node that loses power may lose what it had told to be written.
  bool trusts_memory() const { return durability != "fsync"; }
  /// One line for people.
  std::string describe() const;
};

/// The shape that a run with these options has: what they leave open is drawn from the seed.
cluster_shape shape_of(const run_options& options);

}  // namespace troupe::cluster_sim
