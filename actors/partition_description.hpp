#pragma once

#include "runtime/log/log.hpp"
#include "runtime/wire/wire.hpp"
#include "schema/partition.capnp.h"

#include <string>

namespace troupe {

/// What DescribeLogDirs and, with `producers`, DescribeProducers tell of a partition whose log lies in `directory`.
wire<schema::PartitionDescription> description_of(const log::log& of, offset high_watermark,
                                                  const std::string& directory, bool producers);

}  // namespace troupe
