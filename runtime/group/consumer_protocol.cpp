#include "runtime/group/consumer_protocol.hpp"

#include "runtime/kafka/codec.hpp"

#include <algorithm>

namespace troupe::group {

namespace {

constexpr std::int16_t owned_version = 1, generation_version = 2, rack_version = 3, assignment_version_max = 3;

/// Partitions of one topic, as the protocol lists them.
struct topic_partitions_body {
  std::string topic;
  std::vector<std::int32_t> partitions;

  void decode(kafka::reader& from, std::int16_t version) {
    from.read_string(topic, false, "topic");
    from.read_array(partitions, version, false, sizeof(std::int32_t), "partitions");
  }
  void encode(kafka::writer& to, std::int16_t version) const {
    to.write_string(topic, false);
    to.write_array(partitions, version, false);
  }
};

constexpr std::size_t topic_bytes_min = sizeof(std::int16_t) + sizeof(std::int32_t);

void read_partitions(kafka::reader& from, named_partitions& out, const char* field) {
  std::vector<topic_partitions_body> topics;
  from.read_array(topics, 0, false, topic_bytes_min, field);
  for (auto& one : topics) {
    auto& partitions = out[one.topic];
    partitions.insert(partitions.end(), one.partitions.begin(), one.partitions.end());
    std::ranges::sort(partitions);
  }
}

}  // namespace

std::optional<consumer_subscription> parse_subscription(const byte_slice& metadata) {
  kafka::reader from{metadata};
  consumer_subscription out;
  from.read(out.version, "version");
  from.read_array(out.topics, 0, false, sizeof(std::int16_t), "topics");
  std::optional<byte_slice> user_data;
  from.read_bytes(user_data, false, true, "user_data");
  if (out.version >= owned_version)
    read_partitions(from, out.owned, "owned_partitions");
  if (out.version >= generation_version) {
    std::int32_t generation = -1;
    from.read(generation, "generation");
  }
  if (out.version >= rack_version)
    from.read_string(out.rack, false, true, "rack");
  return from.ok() && out.version >= 0 ? std::optional{std::move(out)} : std::nullopt;
}

std::optional<std::vector<std::string>> subscribed_topics(const byte_slice& metadata) {
  kafka::reader from{metadata};
  std::int16_t version = 0;
  from.read(version, "version");
  std::vector<std::string> topics;
  from.read_array(topics, 0, false, sizeof(std::int16_t), "topics");
  return from.ok() && version >= 0 ? std::optional{std::move(topics)} : std::nullopt;
}

byte_slice encode_assignment(std::int16_t version, const named_partitions& partitions) {
  std::vector<topic_partitions_body> topics;
  for (const auto& [topic, numbers] : partitions)
    topics.push_back({topic, numbers});
  kafka::writer out;
  out.write(std::clamp<std::int16_t>(version, 0, assignment_version_max));
  out.write_array(topics, 0, false);
  out.write_bytes(std::optional<byte_slice>{}, false, true);
  return flatten(std::move(out).finish());
}

std::optional<named_partitions> parse_assignment(const byte_slice& assignment) {
  named_partitions out;
  if (assignment.size() == 0)
    return out;
  kafka::reader from{assignment};
  std::int16_t version = 0;
  from.read(version, "version");
  read_partitions(from, out, "assigned_partitions");
  return from.ok() && version >= 0 ? std::optional{std::move(out)} : std::nullopt;
}

}  // namespace troupe::group
