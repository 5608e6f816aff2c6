#include "runtime/group/subscription.hpp"

#include "runtime/kafka/codec.hpp"

namespace troupe::group {

std::optional<std::vector<std::string>> subscribed_topics(const byte_slice& metadata) {
  kafka::reader from{metadata};
  std::int16_t version = 0;
  from.read(version, "version");
  std::vector<std::string> topics;
  from.read_array(topics, 0, false, sizeof(std::int16_t), "topics");
  return from.ok() && version >= 0 ? std::optional{std::move(topics)} : std::nullopt;
}

}  // namespace troupe::group
