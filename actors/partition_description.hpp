#pragma once

#include "runtime/log/log.hpp"
#include "runtime/wire/wire.hpp"
#include "schema/partition.capnp.h"

#include <string>

namespace troupe {

/// What DescribeLogDirs and, with `producers`, DescribeProducers tell of a partition whose log lies in `directory`.
wire<schema::PartitionDescription> description_of(const log::log& of, offset high_watermark,
                                                  const std::string& directory, bool producers);

/// Answers to questions about offsets.
wire<schema::PartitionOffset> answer_of(const log::found_offset& found);
wire<schema::PartitionEpochEnd> answer_of(const log::epoch_end& end);
wire<schema::PartitionTrimmed> trimmed_to(offset low_watermark);

/// What the checkpoint files shall say of a partition.
wire<schema::PartitionDurable> durable_point_of(const std::string& topic, partition_index index,
                                                const log::open_hints& known, offset high_watermark);

}  // namespace troupe
