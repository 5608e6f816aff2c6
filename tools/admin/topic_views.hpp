#pragma once

#include "schema/kafka/describe_topic_partitions.hpp"
#include "tools/admin/options.hpp"

#include <map>
#include <string>
#include <vector>

namespace troupe::tools {

/// Topics with all their partitions, in the order of their names.
using described_topics = std::vector<kafka::describe_topic_partitions_response::topic>;

/// Topics `names`, or all when that is empty, however many pages it takes. An unknown name is an error.
expected<described_topics> describe_partitions(client& by, const std::vector<std::string>& names);

/// Prints the names of all topics with their sizes.
error list_topics(const admin_options& options);

/// Prints leader, replicas, in-sync and eligible ones of each partition and what settings each topic has of its own.
error describe_topics(const admin_options& options, const std::vector<std::string>& names);

}  // namespace troupe::tools
