#pragma once

#include "runtime/base/error.hpp"
#include "runtime/metadata/image.hpp"

#include <cstdint>
#include <vector>

namespace troupe::metadata {

/// Which nodes shall hold the partitions [first, first + count) of a topic, `replication_factor` different ones each,
/// the preferred leader first. Leaders go round all brokers, followers lie on different racks while there are racks
/// left, fenced brokers come last and brokers that are shutting down get nothing. `start` (any number; random, or the
/// same for all partitions of one topic) says where the round begins. Error: `invalid_replication_factor`, when there
/// are fewer brokers, or none that can lead.
expected<std::vector<std::vector<node_id>>> place_partitions(const image& on, std::int32_t first, std::int32_t count,
                                                             std::int16_t replication_factor, std::uint32_t start);

}  // namespace troupe::metadata
