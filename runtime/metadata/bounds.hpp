#pragma once

#include <cstddef>
#include <cstdint>

/// Named limits of the metadata: what requests may ask for and what its files may hold.
namespace troupe::bounds {

constexpr std::size_t topic_name_bytes_max = 249;
constexpr std::int32_t partitions_per_request_max = 10'000;     ///< new partitions that one request may ask for
constexpr std::int64_t partitions_max = 1'000'000;              ///< of the whole cluster
constexpr std::size_t topics_max = 200'000;                     ///< of the whole cluster
constexpr std::size_t replicas_max = 64;                        ///< of one partition
constexpr std::size_t settings_per_resource_max = 1'000;        ///< overrides of one topic, node or group
constexpr std::size_t setting_bytes_max = 32 * 1024;            ///< key or value of one override
constexpr std::size_t configured_groups_max = 100'000;          ///< groups that have settings of their own
constexpr std::size_t configured_group_bytes_max = 4'096;       ///< name of such a group
constexpr std::size_t brokers_max = 1'000;
constexpr std::size_t endpoints_max = 64;                       ///< of one broker
constexpr std::size_t voters_max = 63;                          ///< of the metadata log

constexpr std::int32_t producer_id_block = 1'000;               ///< ids that a node is given at once

constexpr std::size_t journal_entry_bytes_max = std::size_t{64} << 20;
constexpr std::size_t journal_segment_bytes = std::size_t{16}
                                              << 20;  ///< a segment that has reached it is followed by another
constexpr std::size_t journal_segment_bytes_max = std::size_t{128} << 20;
constexpr std::size_t snapshot_bytes_max = std::size_t{2} << 30;

}  // namespace troupe::bounds
