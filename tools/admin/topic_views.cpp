#include "tools/admin/topic_views.hpp"

#include "schema/kafka/describe_configs.hpp"
#include "tools/admin/address.hpp"
#include "tools/admin/table.hpp"

#include <nlohmann/json.hpp>

#include <iostream>

namespace troupe::tools {

namespace {

using nlohmann::ordered_json;
using topic_view = kafka::describe_topic_partitions_response::topic;
using partition_view = kafka::describe_topic_partitions_response::partition;
using settings_of = std::map<std::string, std::map<std::string, std::string>>;

constexpr std::int8_t topic_resource = 2, source_topic = 1;
constexpr std::size_t pages_max = 100'000;

std::size_t replication_factor(const topic_view& t) {
  return t.partitions.empty() ? 0 : t.partitions.front().replica_nodes.size();
}

/// A topic that goes on from the page before is put together again.
void append(described_topics& all, topic_view&& more) {
  if (all.empty() || all.back().name != more.name) {
    all.push_back(std::move(more));
    return;
  }
  auto& partitions = all.back().partitions;
  partitions.insert(partitions.end(), std::make_move_iterator(more.partitions.begin()),
                    std::make_move_iterator(more.partitions.end()));
}

/// What the topics set themselves, by topic and key.
expected<settings_of> own_settings(client& by, const described_topics& topics) {
  kafka::describe_configs_request r;
  for (const auto& t : topics) {
    auto& resource = r.resources.emplace_back();
    resource.resource_type = topic_resource;
    resource.resource_name = t.name.value_or("");
    resource.configuration_keys.reset();
  }
  auto told = by.ask<kafka::describe_configs_response>(r);
  if (!told)
    return told.error();
  settings_of out;
  for (const auto& each : told->results) {
    if (auto problem = refusal("topic " + each.resource_name, each.error_code, each.error_message))
      return problem;
    for (const auto& c : each.configs)
      if (c.config_source == source_topic)
        out[each.resource_name][c.name] = c.value.value_or("");
  }
  return out;
}

ordered_json to_json(const partition_view& p) {
  return {{"partition", p.partition_index},
          {"leader", p.leader_id},
          {"leader_epoch", p.leader_epoch},
          {"replicas", p.replica_nodes},
          {"isr", p.isr_nodes},
          {"elr", p.eligible_leader_replicas.value_or(std::vector<std::int32_t>{})},
          {"last_known_elr", p.last_known_elr.value_or(std::vector<std::int32_t>{})},
          {"offline", p.offline_replicas}};
}

ordered_json to_json(const described_topics& topics, const settings_of& settings) {
  auto out = ordered_json::array();
  for (const auto& t : topics) {
    auto partitions = ordered_json::array();
    for (const auto& p : t.partitions)
      partitions.push_back(to_json(p));
    const auto own = settings.find(*t.name);
    out.push_back({{"name", *t.name},
                   {"topic_id", to_string(t.topic_id)},
                   {"internal", t.is_internal},
                   {"replication_factor", replication_factor(t)},
                   {"configs", own == settings.end() ? ordered_json::object() : ordered_json(own->second)},
                   {"partitions", std::move(partitions)}});
  }
  return out;
}

void print(const topic_view& t, const settings_of& settings) {
  std::cout << "topic " << *t.name << "  id " << to_string(t.topic_id) << "  partitions " << t.partitions.size()
            << "  replication factor " << replication_factor(t) << "\n";
  if (const auto own = settings.find(*t.name); own != settings.end())
    for (const auto& [key, value] : own->second)
      std::cout << "  " << key << "=" << value << "\n";
  table rows{{"partition", "leader", "epoch", "replicas", "isr", "elr", "offline"}};
  for (const auto& p : t.partitions)
    rows.add({std::to_string(p.partition_index), p.leader_id < 0 ? "none" : std::to_string(p.leader_id),
              std::to_string(p.leader_epoch), to_list(p.replica_nodes), to_list(p.isr_nodes),
              to_list(p.eligible_leader_replicas.value_or(std::vector<std::int32_t>{})), to_list(p.offline_replicas)});
  std::cout << rows.text(2);
}

}  // namespace

expected<described_topics> describe_partitions(client& by, const std::vector<std::string>& names) {
  kafka::describe_topic_partitions_request r;
  for (const auto& name : names)
    r.topics.push_back({name});
  described_topics out;
  for (std::size_t page = 0; page < pages_max; ++page) {
    auto told = by.ask<kafka::describe_topic_partitions_response>(r);
    if (!told)
      return told.error();
    for (auto& t : told->topics) {
      if (auto problem = refusal("topic " + t.name.value_or("?"), t.error_code, std::nullopt))
        return problem;
      append(out, std::move(t));
    }
    if (!told->next_cursor)
      return out;
    r.cursor = {told->next_cursor->topic_name, told->next_cursor->partition_index};
  }
  return complaint("the node's description of topics does not end");
}

error list_topics(const admin_options& options) {
  auto by = options.connect();
  if (!by)
    return by.error();
  auto topics = describe_partitions(*by, {});
  if (!topics)
    return topics.error();
  auto all = ordered_json::array();
  table rows{{"topic", "partitions", "replication"}};
  for (const auto& t : *topics) {
    all.push_back({{"name", *t.name}, {"topic_id", to_string(t.topic_id)}, {"partitions", t.partitions.size()},
                   {"replication_factor", replication_factor(t)}, {"internal", t.is_internal}});
    rows.add({*t.name, std::to_string(t.partitions.size()), std::to_string(replication_factor(t))});
  }
  std::cout << (options.json ? all.dump(2) + "\n" : topics->empty() ? "no topics\n" : rows.text());
  return {};
}

error describe_topics(const admin_options& options, const std::vector<std::string>& names) {
  auto by = options.connect();
  if (!by)
    return by.error();
  auto topics = describe_partitions(*by, names);
  if (!topics)
    return topics.error();
  auto settings = own_settings(*by, *topics);
  if (!settings)
    return settings.error();
  if (options.json) {
    std::cout << to_json(*topics, *settings).dump(2) << "\n";
    return {};
  }
  for (const auto& t : *topics)
    print(t, *settings);
  if (topics->empty())
    std::cout << "no topics\n";
  return {};
}

}  // namespace troupe::tools
