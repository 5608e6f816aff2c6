#include "tools/admin/topic_changes.hpp"

#include "runtime/kafka/errors.hpp"
#include "schema/kafka/create_partitions.hpp"
#include "schema/kafka/create_topics.hpp"
#include "schema/kafka/delete_topics.hpp"
#include "schema/kafka/incremental_alter_configs.hpp"
#include "tools/admin/address.hpp"

#include <iostream>

namespace troupe::tools {

namespace {

constexpr std::int8_t topic_resource = 2;
enum config_operation : std::int8_t { set_config, delete_config };

struct assignment {
  std::string key, value;
};

expected<std::vector<assignment>> parse_configs(const std::vector<std::string>& texts) {
  std::vector<assignment> out;
  for (const auto& text : texts) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0)
      return complaint("--config: \"" + text + "\" is not KEY=VALUE");
    out.push_back({text.substr(0, equals), text.substr(equals + 1)});
  }
  return out;
}

std::int32_t timeout_ms(const admin_options& o) { return static_cast<std::int32_t>(o.timeout_seconds * 1000); }

/// Says what was done where it was, and keeps the first error.
void take(error& first, error problem, const std::string& done) {
  if (!problem)
    std::cout << done << "\n";
  else if (!first)
    first = std::move(problem);
  else
    std::cerr << render(problem) << "\n";
}

error alter_configs(client& by, const topic_change& wish, const std::vector<assignment>& set) {
  kafka::incremental_alter_configs_request r;
  for (const auto& name : wish.names) {
    auto& resource = r.resources.emplace_back();
    resource.resource_type = topic_resource;
    resource.resource_name = name;
    for (const auto& one : set)
      resource.configs.push_back({one.key, set_config, one.value});
    for (const auto& key : wish.deleted_configs)
      resource.configs.push_back({key, delete_config, std::nullopt});
  }
  auto told = by.change<kafka::incremental_alter_configs_response>(r);
  if (!told)
    return told.error();
  error first;
  for (const auto& each : told->responses)
    take(first, refusal("topic " + each.resource_name, each.error_code, each.error_message),
         "topic " + each.resource_name + ": settings changed");
  return first;
}

error add_partitions(client& by, const topic_change& wish) {
  kafka::create_partitions_request r;
  r.timeout_ms = timeout_ms(wish.admin);
  for (const auto& name : wish.names)
    r.topics.push_back({name, *wish.partitions, std::nullopt});
  auto told = by.change<kafka::create_partitions_response>(r);
  if (!told)
    return told.error();
  error first;
  for (const auto& each : told->results)
    take(first, refusal("topic " + each.name, each.error_code, each.error_message),
         "topic " + each.name + ": has " + std::to_string(*wish.partitions) + " partitions");
  return first;
}

}  // namespace

error create_topics(const topic_change& wish) {
  auto configs = parse_configs(wish.configs);
  if (!configs)
    return configs.error();
  auto by = wish.admin.connect();
  if (!by)
    return by.error();
  kafka::create_topics_request r;
  r.timeout_ms = timeout_ms(wish.admin);
  for (const auto& name : wish.names) {
    auto& topic = r.topics.emplace_back();
    topic.name = name;
    topic.num_partitions = wish.partitions.value_or(-1);
    topic.replication_factor = wish.replication_factor.value_or(-1);
    for (const auto& one : *configs)
      topic.configs.push_back({one.key, one.value});
  }
  auto told = by->change<kafka::create_topics_response>(r);
  if (!told)
    return told.error();
  error first;
  for (const auto& each : told->topics) {
    const bool there = each.error_code == kafka::code_of(kafka::error_code::topic_already_exists);
    if (there && wish.if_absent) {
      std::cout << "topic " << each.name << ": exists already\n";
      continue;
    }
    take(first, refusal("topic " + each.name, each.error_code, each.error_message),
         "topic " + each.name + ": created, " + std::to_string(each.num_partitions) + " partitions, replication factor "
           + std::to_string(each.replication_factor));
  }
  return first;
}

error alter_topics(const topic_change& wish) {
  auto configs = parse_configs(wish.configs);
  if (!configs)
    return configs.error();
  const bool settings = !configs->empty() || !wish.deleted_configs.empty();
  if (!settings && !wish.partitions)
    return complaint("nothing to change; give --partitions, --config KEY=VALUE or --delete-config KEY");
  auto by = wish.admin.connect();
  if (!by)
    return by.error();
  error first;
  if (settings)
    first = alter_configs(*by, wish, *configs);
  if (wish.partitions && !first)
    first = add_partitions(*by, wish);
  return first;
}

error delete_topics(const topic_change& wish) {
  auto by = wish.admin.connect();
  if (!by)
    return by.error();
  kafka::delete_topics_request r;
  r.timeout_ms = timeout_ms(wish.admin);
  r.topic_names = wish.names;
  for (const auto& name : wish.names)
    r.topics.emplace_back().name = name;
  auto told = by->change<kafka::delete_topics_response>(r);
  if (!told)
    return told.error();
  error first;
  for (const auto& each : told->responses) {
    const auto name = "topic " + each.name.value_or("?");
    take(first, refusal(name, each.error_code, each.error_message), name + ": deleted");
  }
  return first;
}

}  // namespace troupe::tools
