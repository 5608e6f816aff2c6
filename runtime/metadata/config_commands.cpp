#include "runtime/metadata/apply.hpp"
#include "runtime/metadata/bounds.hpp"
#include "runtime/metadata/commands.hpp"
#include "runtime/metadata/elections.hpp"
#include "runtime/metadata/record_builders.hpp"

#include <algorithm>
#include <charconv>
#include <set>

namespace troupe::metadata {

namespace {

/// A resource that can have settings, and those it has.
struct target {
  config_resource_type type;
  topic_id topic;
  node_id node = no_node;
  std::string group;
  config_map now;
};

std::optional<node_id> parse_node(std::string_view text) {
  std::int32_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc{} || end != text.data() + text.size() || value < 0)
    return std::nullopt;
  return node_id{value};
}

error check_group_name(const std::string& name) {
  if (name.empty())
    return make_error(errc::invalid_request, "Default group resources are not allowed.");
  if (name.size() > bounds::configured_group_bytes_max)
    return make_error(errc::policy_violation, "the name of a group that has settings may have "
                                                + std::to_string(bounds::configured_group_bytes_max) + " bytes, not "
                                                + std::to_string(name.size()));
  return {};
}

expected<target> find_target(const image& on, const config_resource& of) {
  target out{of.type, {}, no_node, {}, {}};
  switch (of.type) {
    case config_resource_type::topic: {
      const auto found = on.find_topic(of.name);
      if (!found)
        return make_error(errc::unknown_topic, "topic " + of.name + " does not exist");
      out.topic = found->id;
      out.now = found->configs;
      break;
    }
    case config_resource_type::broker: {
      const auto node = parse_node(of.name);
      if (!node)
        return make_error(errc::invalid_request, "broker '" + of.name + "': the name of a broker is its id in digits");
      if (!on.find_broker(*node))
        return make_error(errc::broker_id_not_registered, "broker " + of.name + " is not registered");
      out.node = *node;
      if (const auto* now = on.broker_config(*node))
        out.now = *now;
      break;
    }
    case config_resource_type::cluster_default:
      out.now = *on.cluster_config();
      break;
    case config_resource_type::group:
      if (auto refused = check_group_name(of.name))
        return refused;
      out.group = of.name;
      if (const auto* now = on.group_config(of.name))
        out.now = *now;
      break;
  }
  return out;
}

/// Kafka's choice: what a topic or group cannot be set to is an invalid config, what a broker cannot is an invalid
/// request.
errc refusal(config_resource_type type) {
  const bool of_broker = type == config_resource_type::broker || type == config_resource_type::cluster_default;
  return of_broker ? errc::invalid_request : errc::invalid_config;
}

error check_value(const command_rules& rules, config_resource_type type, const std::string& key,
                  const std::string& value) {
  if (key.size() + value.size() > bounds::setting_bytes_max)
    return make_error(errc::policy_violation, key.substr(0, 100) + ": a setting of "
                                                  + std::to_string(key.size() + value.size()) + " bytes, at most "
                                                  + std::to_string(bounds::setting_bytes_max) + " are possible");
  if (auto refused = rules.configs.check(type, key, value))
    return make_error(refusal(type), render(refused));
  return {};
}

error check_whole(const image& on, const command_rules& rules, const target& of, const config_map& wanted) {
  if (wanted.size() > bounds::settings_per_resource_max)
    return make_error(errc::policy_violation, std::to_string(wanted.size()) + " settings for one resource, at most "
                                                + std::to_string(bounds::settings_per_resource_max) + " are possible");
  if (auto refused = rules.configs.check_together(of.type, wanted))
    return make_error(refusal(of.type), render(refused));
  const bool new_group = of.type == config_resource_type::group && of.now.empty() && !wanted.empty();
  if (new_group && on.group_configs().size() >= bounds::configured_groups_max)
    return make_error(errc::policy_violation, "as many groups have settings as can have them, "
                                                + std::to_string(bounds::configured_groups_max));
  return {};
}

record config_record(const target& of, const std::string& key, const std::optional<std::string>& value) {
  switch (of.type) {
    case config_resource_type::topic: return topic_config_record(of.topic, key, value);
    case config_resource_type::broker: return broker_config_record(of.node, key, value);
    case config_resource_type::group: return group_config_record(of.group, key, value);
    case config_resource_type::cluster_default: break;
  }
  return cluster_config_record(key, value);
}

/// Records that make `wanted` out of what the target has; none for what stays.
records difference(const target& of, const config_map& wanted) {
  records out;
  for (const auto& [key, value] : of.now)
    if (!wanted.contains(key))
      out.push_back(config_record(of, key, std::nullopt));
  for (const auto& [key, value] : wanted)
    if (const auto now = of.now.find(key); now == of.now.end() || now->second != value)
      out.push_back(config_record(of, key, value));
  return out;
}

/// The change of settings, and what the settings as they are then ask of the partitions: both take effect together, for
/// a leader that goes by a smaller `min.insync.replicas` commits records that the ELR does not have.
expected<records> with_partitions(const image& on, const command_rules& rules, const target& of, records changes) {
  if (changes.empty() || of.type == config_resource_type::group)
    return changes;
  const auto after = foresee(on, changes);
  if (!after)
    return after.error();
  auto more = of.type == config_resource_type::topic ? settle_partitions(**after, rules, of.topic)
                                                     : settle_partitions(**after, rules);
  changes.insert(changes.end(), more.begin(), more.end());
  return changes;
}

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> out;
  while (!list.empty()) {
    const auto comma = list.find(',');
    auto item = list.substr(0, comma);
    list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
    const auto begin = item.find_first_not_of(" \t");
    if (begin != std::string_view::npos)
      out.emplace_back(item.substr(begin, item.find_last_not_of(" \t") - begin + 1));
  }
  return out;
}

std::string join(const std::vector<std::string>& items) {
  std::string out;
  for (const auto& item : items)
    out += (out.empty() ? "" : ",") + item;
  return out;
}

/// The list that a setting has now, with the items of `change` added or taken out.
std::string edit_list(const command_rules& rules, const target& of, const config_change& change) {
  const auto now = of.now.find(change.key);
  auto items = split(now != of.now.end() ? now->second : rules.configs.default_value(of.type, change.key).value_or(""));
  for (const auto& item : split(*change.value)) {
    const auto at = std::find(items.begin(), items.end(), item);
    if (change.operation == config_operation::subtract)
      std::erase(items, item);
    else if (at == items.end())
      items.push_back(item);
  }
  return join(items);
}

/// Carries `change` out on `wanted`.
error change_one(const command_rules& rules, const target& of, const config_change& change, config_map& wanted) {
  if (change.operation == config_operation::remove) {
    wanted.erase(change.key);
    return {};
  }
  if (!change.value)
    return make_error(errc::invalid_request, change.key + ": the operation needs a value");
  std::string value;
  switch (change.operation) {
    case config_operation::set:
      value = *change.value;
      break;
    case config_operation::append:
    case config_operation::subtract:
      if (!rules.configs.is_list(of.type, change.key))
        return make_error(errc::invalid_config,
                          change.key + " is not a list: it can be set, not appended to or subtracted from");
      value = edit_list(rules, of, change);
      break;
    default:
      return make_error(errc::invalid_request, change.key + ": unknown operation "
                                                 + std::to_string(static_cast<int>(change.operation)));
  }
  if (auto refused = check_value(rules, of.type, change.key, value))
    return refused;
  wanted[change.key] = std::move(value);
  return {};
}

}  // namespace

expected<config_resource> config_resource_of(std::int8_t kafka_type, std::string_view name) {
  constexpr std::int8_t topic_type = 2;
  constexpr std::int8_t broker_type = 4;
  constexpr std::int8_t group_type = 32;
  if (kafka_type == topic_type)
    return config_resource{config_resource_type::topic, std::string{name}};
  if (kafka_type == group_type)
    return config_resource{config_resource_type::group, std::string{name}};
  if (kafka_type == broker_type && name.empty())
    return config_resource{config_resource_type::cluster_default, {}};
  if (kafka_type == broker_type && parse_node(name))
    return config_resource{config_resource_type::broker, std::string{name}};
  if (kafka_type == broker_type)
    return make_error(errc::invalid_request,
                      "broker '" + std::string{name} + "': the name of a broker is its id in digits");
  return make_error(errc::invalid_request,
                    "settings of resource type " + std::to_string(kafka_type) + " cannot be changed here");
}

expected<records> alter_configs(const image& on, const command_rules& rules, const config_resource& of,
                                const std::vector<std::pair<std::string, std::optional<std::string>>>& wanted) {
  auto found = find_target(on, of);
  if (!found)
    return found.error();
  config_map whole;
  std::set<std::string_view> seen;
  for (const auto& [key, value] : wanted) {
    if (!seen.insert(key).second)
      return make_error(errc::invalid_request, key + " is given twice");
    if (!value)
      return make_error(errc::invalid_request,
                        key + ": a value is needed; leave the setting out to go back to its default");
    if (auto refused = check_value(rules, of.type, key, *value))
      return refused;
    whole[key] = *value;
  }
  if (auto refused = check_whole(on, rules, *found, whole))
    return refused;
  return with_partitions(on, rules, *found, difference(*found, whole));
}

expected<records> change_configs(const image& on, const command_rules& rules, const config_resource& of,
                                 const std::vector<config_change>& changes) {
  auto found = find_target(on, of);
  if (!found)
    return found.error();
  auto wanted = found->now;
  std::set<std::string_view> seen;
  for (const auto& change : changes) {
    if (!seen.insert(change.key).second)
      return make_error(errc::invalid_request, change.key + " is given twice");
    if (auto refused = change_one(rules, *found, change, wanted))
      return refused;
  }
  if (auto refused = check_whole(on, rules, *found, wanted))
    return refused;
  return with_partitions(on, rules, *found, difference(*found, wanted));
}

}  // namespace troupe::metadata
