#include "actors/api/internal_topics.hpp"

#include "runtime/group/placement.hpp"
#include "runtime/metadata/image.hpp"
#include "runtime/transaction/state.hpp"

#include <algorithm>

namespace troupe::api {

namespace {

/// Which settings say how a topic is made.
struct topic_settings {
  std::string_view partitions, replication, segment_bytes;
};
constexpr topic_settings of_offsets{"offsets.topic.num.partitions", "offsets.topic.replication.factor",
                                    "offsets.topic.segment.bytes"};
constexpr topic_settings of_transactions{"transaction.state.log.num.partitions",
                                         "transaction.state.log.replication.factor",
                                         "transaction.state.log.segment.bytes"};

/// A topic whose partitions are journals. What was told to clients is to outlast a loss of power, whatever the node
/// promises for other topics.
kafka::create_topics_request::topic journal_topic(session_port& in, std::string_view name, const topic_settings& by) {
  const auto& settings = in.context().settings;
  kafka::create_topics_request::topic out;
  out.name = name;
  out.num_partitions = static_cast<std::int32_t>(settings.integer(by.partitions));
  out.replication_factor = static_cast<std::int16_t>(settings.integer(by.replication));
  if (!settings.is_given(by.replication)) {
    // Nodes that are down for now get their replica when they come back.
    const auto registered = static_cast<std::int64_t>(in.view()->image->brokers().size());
    out.replication_factor = static_cast<std::int16_t>(std::clamp<std::int64_t>(registered, 1, out.replication_factor));
  }
  out.configs = {{"cleanup.policy", "compact"},
                 {"durability", "fsync"},
                 {"compression.type", "producer"},
                 {"segment.bytes", std::to_string(settings.integer(by.segment_bytes))}};
  return out;
}

}  // namespace

kafka::create_topics_request::topic offsets_topic_to_make(session_port& in) {
  return journal_topic(in, group::offsets_topic, of_offsets);
}

kafka::create_topics_request::topic transactions_topic_to_make(session_port& in) {
  const auto& settings = in.context().settings;
  auto out = journal_topic(in, transaction::state_topic, of_transactions);
  // With fewer replicas than that nothing could ever be committed.
  const auto min_isr =
    std::min<std::int64_t>(settings.integer("transaction.state.log.min.isr"), out.replication_factor);
  out.configs.push_back({"min.insync.replicas", std::to_string(min_isr)});
  return out;
}

}  // namespace troupe::api
