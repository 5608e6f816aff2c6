#include "actors/api/partition_calls.hpp"

namespace troupe::api {

found_partition find_partition(const cluster_view& in, const std::string& name, const topic_id& id,
                               std::int32_t index, serving from) {
  const bool by_id = name.empty() && !id.is_zero();
  const auto topic = by_id ? in.image->find_topic(id) : in.image->find_topic(name);
  if (!topic)
    return {by_id ? kafka::error_code::unknown_topic_id : kafka::error_code::unknown_topic_or_partition, {}};
  const auto* partition = topic->find(partition_index{index});
  if (!partition)
    return {kafka::error_code::unknown_topic_or_partition, {}};
  auto found = in.replicas.find({topic->id, partition_index{index}});
  if (found.replica && (found.leads || from == serving::any_replica))
    return {kafka::error_code::none, std::move(found.replica)};
  return {partition->leader == metadata::no_node ? kafka::error_code::leader_not_available
                                                 : kafka::error_code::not_leader_or_follower, {}};
}

}  // namespace troupe::api
