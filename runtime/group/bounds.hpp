#pragma once

#include <chrono>
#include <cstddef>

/// Named limits of what clients may make a group coordinator keep, beside those that are settings.
namespace troupe::bounds {

/// Groups of one partition of __consumer_offsets.
constexpr std::size_t groups_max = 100'000;
/// Member ids of one group that were given out and are not used yet.
constexpr std::size_t pending_members_max = 10'000;
/// All protocols' metadata of one member; more would not fit into the group's record anyway.
constexpr std::size_t member_metadata_bytes_max = std::size_t{1} << 20;
/// Until a member that never learnt its id is out: its client may have given up and joined anew (KAFKA-7610).
constexpr auto new_member_join_max = std::chrono::minutes{5};
/// Between looks whether static members that alone are left have come back, if they allow no time themselves.
constexpr auto static_members_pause_min = std::chrono::seconds{1};
/// Offsets that expire or lose their topic, taken out with one batch of records.
constexpr std::size_t tombstones_per_batch = 1'000;
/// Names that clients choose, so that they fit into a record.
constexpr std::size_t group_id_bytes_max = 4'096;
constexpr std::size_t client_id_bytes_max = 1'024;  ///< what is longer is cut
constexpr std::size_t instance_id_bytes_max = 4'096;
constexpr std::size_t protocol_name_bytes_max = 1'024;
/// At shares, while one assignment for members with different subscriptions is made more even: about a second.
constexpr std::size_t assignor_looks_max = 100'000'000;
/// Topics that a member of a consumer group is subscribed to by name, and the length of its pattern.
constexpr std::size_t subscribed_topics_max = 10'000;
constexpr std::size_t topic_pattern_bytes_max = 4'096;
/// Of a consumer group's records in one batch: requests beyond that wait for the next one.
constexpr std::size_t consumer_batch_bytes = std::size_t{256} << 10;
/// Of a client's reason, in a line of the log.
constexpr std::size_t reason_bytes_max = 255;

}  // namespace troupe::bounds
