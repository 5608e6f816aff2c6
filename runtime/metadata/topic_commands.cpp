#include "runtime/metadata/bounds.hpp"
#include "runtime/metadata/commands.hpp"
#include "runtime/metadata/placement.hpp"
#include "runtime/metadata/record_builders.hpp"

#include <algorithm>
#include <set>

namespace troupe::metadata {

namespace {

using placement = std::vector<std::vector<node_id>>;

constexpr std::string_view metadata_log_name = "__cluster_metadata";

error check_replicas(const image& on, std::int32_t index, const std::vector<node_id>& replicas) {
  const auto where = "partition " + std::to_string(index) + ": ";
  if (replicas.empty())
    return make_error(errc::invalid_replica_assignment, where + "no replicas are given");
  if (replicas.size() > bounds::replicas_max)
    return make_error(errc::invalid_replica_assignment, where + std::to_string(replicas.size()) + " replicas, at most "
                                                          + std::to_string(bounds::replicas_max) + " are possible");
  bool somebody_leads = false;
  for (auto id : replicas) {
    const auto holder = on.find_broker(id);
    if (!holder)
      return make_error(errc::invalid_replica_assignment,
                        where + "broker " + std::to_string(id.value) + " is not registered");
    somebody_leads = somebody_leads || can_lead(on, id);
  }
  if (std::set<node_id>(replicas.begin(), replicas.end()).size() != replicas.size())
    return make_error(errc::invalid_replica_assignment, where + "a broker is named twice");
  if (!somebody_leads)
    return make_error(errc::invalid_replica_assignment, where + "all of its brokers are fenced or shutting down");
  return {};
}

/// A new partition's state: led by the first replica that can lead, in sync on all that can.
partition fresh_partition(const image& on, const std::vector<node_id>& replicas) {
  partition p;
  p.replicas = replicas;
  for (auto id : replicas)
    if (can_lead(on, id))
      p.in_sync.push_back(id);
  if (!p.in_sync.empty())
    p.leader = p.in_sync.front();
  return p;
}

error check_room(const image& on, std::int64_t more_partitions) {
  if (more_partitions > bounds::partitions_per_request_max)
    return make_error(errc::policy_violation,
                      std::to_string(more_partitions) + " new partitions in one request, at most "
                          + std::to_string(bounds::partitions_per_request_max) + " are possible; ask again for more");
  if (on.partition_count() + more_partitions > bounds::partitions_max)
    return make_error(errc::policy_violation, "the cluster has " + std::to_string(on.partition_count())
                                                + " partitions and can have " + std::to_string(bounds::partitions_max));
  return {};
}

expected<placement> place_by_hand(const image& on, const create_topic_command& wish) {
  if (wish.partitions != -1 || wish.replication_factor != -1)
    return make_error(errc::invalid_request,
                      "with replicas given by hand, the number of partitions and the replication factor must be -1");
  placement placed(wish.assignments.size());
  for (const auto& a : wish.assignments) {
    const auto i = static_cast<std::size_t>(a.index.value);
    if (a.index.value < 0 || i >= placed.size() || !placed[i].empty())
      return make_error(errc::invalid_replica_assignment,
                        "the partitions given must be numbered from 0 without a gap or a repetition");
    if (auto refused = check_replicas(on, a.index.value, a.replicas))
      return refused;
    placed[i] = a.replicas;
    if (a.replicas.size() != wish.assignments.front().replicas.size())
      return make_error(errc::invalid_replica_assignment, "the partitions given have different numbers of replicas");
  }
  return placed;
}

expected<placement> place(const image& on, const command_rules& rules, const create_topic_command& wish) {
  if (!wish.assignments.empty()) {
    if (auto refused = check_room(on, static_cast<std::int64_t>(wish.assignments.size())))
      return refused;
    return place_by_hand(on, wish);
  }
  const auto partitions = wish.partitions == -1 ? rules.default_partitions : wish.partitions;
  const auto factor = wish.replication_factor == -1 ? rules.default_replication_factor : wish.replication_factor;
  if (factor <= 0)
    return make_error(errc::invalid_replication_factor,
                      "replication factor " + std::to_string(factor) + " is not positive; -1 asks for the default");
  if (partitions <= 0)
    return make_error(errc::invalid_partitions,
                      std::to_string(partitions) + " partitions is not a positive number; -1 asks for the default");
  if (auto refused = check_room(on, partitions))
    return refused;
  return place_partitions(on, 0, partitions, factor, wish.start);
}

error check_new_name(const image& on, const std::string& name) {
  if (auto refused = check_topic_name(name))
    return refused;
  if (name == metadata_log_name)
    return make_error(errc::topic_authorization_failed, "topic " + name + " is the node's own and cannot be created");
  if (on.find_topic(name))
    return make_error(errc::topic_already_exists, "topic " + name + " already exists");
  if (const auto other = on.colliding_topic(name); !other.empty())
    return make_error(errc::invalid_topic_name, "topic " + name
                                                    + " would have the same metric names as the existing topic " + other
                                                    + ": there '.' and '_' are the same");
  if (on.topic_count() >= bounds::topics_max)
    return make_error(errc::policy_violation,
                      "the cluster has as many topics as it can have, " + std::to_string(bounds::topics_max));
  return {};
}

expected<config_map> check_configs(const command_rules& rules, const create_topic_command& wish) {
  config_map out;
  if (wish.configs.size() > bounds::settings_per_resource_max)
    return make_error(errc::policy_violation, std::to_string(wish.configs.size()) + " settings for one topic, at most "
                                                + std::to_string(bounds::settings_per_resource_max) + " are possible");
  for (const auto& [key, value] : wish.configs) {
    if (!value)
      return make_error(errc::invalid_config, key + ": a new topic's setting needs a value");
    if (key.size() + value->size() > bounds::setting_bytes_max)
      return make_error(errc::policy_violation, key.substr(0, 100) + ": a setting of "
                                                    + std::to_string(key.size() + value->size()) + " bytes, at most "
                                                    + std::to_string(bounds::setting_bytes_max) + " are possible");
    if (auto refused = rules.configs.check(config_resource_type::topic, key, *value))
      return make_error(errc::invalid_config, render(refused));
    if (!out.emplace(key, *value).second)
      return make_error(errc::invalid_request, key + " is given twice");
  }
  if (auto refused = rules.configs.check_together(config_resource_type::topic, out))
    return make_error(errc::invalid_config, render(refused));
  return out;
}

expected<records> remove(const command_rules& rules, const topic& gone) {
  if (!rules.topic_deletion_enabled)
    return make_error(errc::topic_deletion_disabled, "topic " + gone.name + ": delete.topic.enable is false");
  return records{topic_removed_record(gone.id)};
}

expected<placement> place_more(const image& on, const topic& of, const create_partitions_command& wish) {
  const auto have = of.partition_count();
  const auto more = wish.count - have;
  const auto& first = of.partitions[0];
  const auto factor = first.replicas.size() - first.removing.size();  // as it will be when a reassignment is done
  if (!wish.assignments)
    return place_partitions(on, have, more, static_cast<std::int16_t>(factor), wish.start);
  if (wish.assignments->size() != static_cast<std::size_t>(more))
    return make_error(errc::invalid_replica_assignment, std::to_string(more)
                                                            + " partitions are to be added, but replicas are given for "
                                                            + std::to_string(wish.assignments->size()));
  for (std::int32_t i = 0; i < more; ++i) {
    const auto& replicas = (*wish.assignments)[static_cast<std::size_t>(i)];
    if (auto refused = check_replicas(on, have + i, replicas))
      return refused;
    if (replicas.size() != factor)
      return make_error(errc::invalid_replica_assignment, "partition " + std::to_string(have + i) + ": "
                                                              + std::to_string(replicas.size())
                                                              + " replicas, the others have " + std::to_string(factor));
  }
  return *wish.assignments;
}

}  // namespace

error check_topic_name(std::string_view name) {
  if (name.empty())
    return make_error(errc::invalid_topic_name, "a topic's name must not be empty");
  if (name == "." || name == "..")
    return make_error(errc::invalid_topic_name, "a topic cannot be called '" + std::string{name} + "'");
  if (name.size() > bounds::topic_name_bytes_max)
    return make_error(errc::invalid_topic_name, "a topic's name of " + std::to_string(name.size())
                                                    + " characters, at most "
                                                    + std::to_string(bounds::topic_name_bytes_max) + " are allowed");
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_'
           || c == '-';
  };
  if (!std::all_of(name.begin(), name.end(), allowed))
    return make_error(
        errc::invalid_topic_name,
        "topic name '" + std::string{name} + "' has other characters than ASCII letters, digits, '.', '_' and '-'");
  return {};
}

expected<created_topic> create_topic(const image& on, const command_rules& rules, const create_topic_command& wish) {
  if (auto refused = check_new_name(on, wish.name))
    return refused;
  auto configs = check_configs(rules, wish);
  if (!configs)
    return configs.error();
  auto placed = place(on, rules, wish);
  if (!placed)
    return placed.error();
  created_topic out{wish.id,
                    static_cast<std::int32_t>(placed->size()),
                    static_cast<std::int16_t>(placed->front().size()),
                    std::move(*configs),
                    {}};
  out.records.reserve(placed->size() + out.configs.size() + 1);
  out.records.push_back(topic_record(wish.id, wish.name));
  for (std::int32_t i = 0; i < out.partitions; ++i)
    out.records.push_back(
        partition_record(wish.id, partition_index{i}, fresh_partition(on, (*placed)[static_cast<std::size_t>(i)])));
  for (const auto& [key, value] : out.configs)
    out.records.push_back(topic_config_record(wish.id, key, value));
  return out;
}

expected<records> delete_topic(const image& on, const command_rules& rules, std::string_view name) {
  const auto found = on.find_topic(name);
  if (!found)
    return make_error(errc::unknown_topic, "topic " + std::string{name} + " does not exist");
  return remove(rules, *found);
}

expected<records> delete_topic(const image& on, const command_rules& rules, const topic_id& id) {
  const auto found = on.find_topic(id);
  if (!found)
    return make_error(errc::unknown_topic_id, "no topic has the id " + to_string(id));
  return remove(rules, *found);
}

expected<records> create_partitions(const image& on, const create_partitions_command& wish) {
  const auto found = on.find_topic(wish.topic);
  if (!found)
    return make_error(errc::unknown_topic, "topic " + wish.topic + " does not exist");
  const auto have = found->partition_count();
  if (wish.count <= have)
    return make_error(errc::invalid_partitions, "topic " + wish.topic + " has " + std::to_string(have) + " partitions; "
                                                  + std::to_string(wish.count) + " would not be more");
  if (auto refused = check_room(on, std::int64_t{wish.count} - have))
    return refused;
  auto placed = place_more(on, *found, wish);
  if (!placed)
    return placed.error();
  records out;
  out.reserve(placed->size());
  for (std::int32_t i = have; i < wish.count; ++i)
    out.push_back(partition_record(found->id, partition_index{i},
                                   fresh_partition(on, (*placed)[static_cast<std::size_t>(i - have)])));
  return out;
}

}  // namespace troupe::metadata
