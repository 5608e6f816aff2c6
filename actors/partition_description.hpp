#pragma once

#include "actors/log_move.hpp"
#include "runtime/log/log.hpp"
#include "runtime/wire/wire.hpp"
#include "schema/partition.capnp.h"

#include <optional>
#include <string>

namespace troupe {

/// What DescribeLogDirs and, with `producers`, DescribeProducers tell of a partition whose log lies in `directory`
/// and may be moving.
wire<schema::PartitionDescription> description_of(const log::log& of, offset high_watermark,
                                                  const std::string& directory, bool producers,
                                                  const std::optional<log_move::progress>& move);

/// Answers to questions about offsets.
wire<schema::PartitionOffset> answer_of(const log::found_offset& found);
wire<schema::PartitionEpochEnd> answer_of(const log::epoch_end& end);
wire<schema::PartitionTrimmed> trimmed_to(offset low_watermark);

/// What the checkpoint files shall say of a partition.
wire<schema::PartitionDurable> durable_point_of(const std::string& topic, partition_index index,
                                                const log::open_hints& known, offset high_watermark);

}  // namespace troupe
