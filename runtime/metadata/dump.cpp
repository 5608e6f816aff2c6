#include "runtime/metadata/apply.hpp"
#include "runtime/metadata/record_builders.hpp"

namespace troupe::metadata {

namespace {

void dump_topic(const topic& t, records& out) {
  out.push_back(topic_record(t.id, t.name));
  for (std::size_t i = 0; i < t.partitions.size(); ++i)
    out.push_back(partition_record(t.id, partition_index{static_cast<std::int32_t>(i)}, t.partitions[i]));
  for (const auto& [key, value] : t.configs)
    out.push_back(topic_config_record(t.id, key, value));
}

void dump_broker(const broker& b, records& out) {
  out.push_back(broker_record(b));
  if (b.shutting_down)
    out.push_back(broker_change_record(b.id, b.epoch, b.fenced, true));
}

}  // namespace

records dump(const image& from) {
  records out;
  out.reserve(2 * from.topic_count() + static_cast<std::size_t>(from.partition_count()));
  if (!from.voters().empty())
    out.push_back(voters_record(from.voters()));
  for (const auto& [name, level] : from.features())
    out.push_back(feature_record(name, level));
  for (const auto& [id, b] : from.brokers())
    dump_broker(*b, out);
  for (const auto& [key, value] : *from.cluster_config())
    out.push_back(cluster_config_record(key, value));
  for (const auto& [id, configs] : from.broker_configs())
    for (const auto& [key, value] : configs)
      out.push_back(broker_config_record(id, key, value));
  for (const auto& g : from.group_configs())
    for (const auto& [key, value] : g->configs)
      out.push_back(group_config_record(g->group, key, value));
  if (from.next_producer_id() > 0)
    out.push_back(producer_ids_record(from.next_producer_id(), no_node, -1));
  for (const auto& t : from.topics_by_name())
    dump_topic(*t, out);
  return out;
}

}  // namespace troupe::metadata
