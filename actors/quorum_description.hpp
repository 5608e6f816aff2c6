#pragma once

#include "runtime/authority/clock.hpp"
#include "runtime/raft/participant.hpp"
#include "schema/kafka/describe_quorum.hpp"

#include <string>

namespace troupe {

/// One moment on both clocks, to tell clients when something of the monotonic clock happened.
struct moment {
  monotonic_time monotonic;
  wall_time wall;
};

/// Name of the topic that stands for the metadata log in DescribeQuorum, as Kafka's tools ask for it.
inline constexpr const char* metadata_topic = "__cluster_metadata";

/// What DescribeQuorum tells (KIP-595, 836, 853), as the active controller with that `seat` knows it. `listener` is the
/// one that voters are reached at. Offsets are indexes of the metadata log; its ends are one behind the last entry.
kafka::describe_quorum_response describe_quorum(const kafka::describe_quorum_request& r, const raft::view& seat,
                                                const std::string& listener, moment now);

}  // namespace troupe
