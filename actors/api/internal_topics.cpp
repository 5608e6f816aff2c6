#include "actors/api/internal_topics.hpp"

#include "runtime/group/placement.hpp"
#include "runtime/metadata/image.hpp"

#include <algorithm>

namespace troupe::api {

kafka::create_topics_request::topic offsets_topic_to_make(session_port& in) {
  const auto& settings = in.context().settings;
  kafka::create_topics_request::topic out;
  out.name = group::offsets_topic;
  out.num_partitions = static_cast<std::int32_t>(settings.integer("offsets.topic.num.partitions"));
  out.replication_factor = static_cast<std::int16_t>(settings.integer("offsets.topic.replication.factor"));
  if (!settings.is_given("offsets.topic.replication.factor")) {
    const auto view = in.view();
    const auto& brokers = view->image->brokers();
    const auto there = std::count_if(brokers.begin(), brokers.end(), [](const auto& b) { return !b.second->fenced; });
    out.replication_factor = static_cast<std::int16_t>(std::clamp<std::int64_t>(there, 1, out.replication_factor));
  }
  // What a group was told is to outlast a loss of power, whatever the node promises for other topics.
  out.configs = {{"cleanup.policy", "compact"},
                 {"durability", "fsync"},
                 {"compression.type", "producer"},
                 {"segment.bytes", std::to_string(settings.integer("offsets.topic.segment.bytes"))}};
  return out;
}

}  // namespace troupe::api
