#pragma once

#include <cstdint>
#include <string_view>

namespace troupe::group {

/// The topic whose partitions are the coordinators' journals.
constexpr std::string_view offsets_topic = "__consumer_offsets";

/// The partition of a coordinators' topic with so many partitions that is responsible for `id`, a group's or a
/// transaction's, as Kafka has it: Java's hash of the text without its sign.
std::int32_t responsible_partition(std::string_view id, std::int32_t partitions);

}  // namespace troupe::group
