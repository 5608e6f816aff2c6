#include "runtime/config/rules.hpp"

#include "runtime/config/layers.hpp"
#include "runtime/config/settings.hpp"
#include "runtime/config/values.hpp"

#include <algorithm>

namespace troupe::config {

namespace {

using resource_type = metadata::config_resource_type;

const setting* row_of(resource_type type, std::string_view key) {
  switch (type) {
    case resource_type::topic: return find_topic_setting(key);
    case resource_type::group: return find_group_setting(key);
    case resource_type::broker:
    case resource_type::cluster_default: break;
  }
  return find_broker_setting(key);
}

error unknown(resource_type type, std::string_view key) {
  std::string kind = "broker";
  auto known = broker_settings();
  if (type == resource_type::topic) {
    kind = "topic";
    known = topic_settings();
  } else if (type == resource_type::group) {
    kind = "group";
    known = group_settings();
  }
  auto near = nearest_key(key, known);
  auto hint = near.empty() ? std::string{} : "; did you mean " + std::string{near} + "?";
  return make_error(errc::unknown_key, "Unknown " + kind + " config name: " + std::string{key} + hint);
}

error check_scope(resource_type type, const setting& row, std::string_view key) {
  if (row.scope == scope::fixed)
    return make_error(errc::read_only, "Cannot update " + std::string{key} +
                                         " while the node runs; set it in the node's file and restart");
  if (row.scope == scope::per_broker && type == resource_type::cluster_default)
    return make_error(errc::read_only, "Cannot update " + std::string{key} +
                                         " for all nodes at once; name the node it is for");
  return {};
}

/// `partition:node` with digits on both sides.
bool is_throttled_replica(std::string_view entry) {
  auto colon = entry.find(':');
  if (colon == std::string_view::npos)
    return false;
  auto digits = [](std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
  };
  return digits(entry.substr(0, colon)) && digits(entry.substr(colon + 1));
}

/// What the table cannot say about single values of topics.
error check_topic_value(std::string_view key, std::string_view value) {
  if (key == "remote.storage.enable" && parse_boolean(value).value_or(false))
    return make_error(errc::bad_value, "remote.storage.enable: this version has no tiered storage; leave it false");
  if (key.ends_with(".replication.throttled.replicas") && trimmed(value) != "*" &&
      !std::ranges::all_of(split_list(value), [](const auto& entry) { return is_throttled_replica(entry); }))
    return make_error(errc::bad_value, std::string{key} + ": \"" + std::string{value} +
                                         "\" is not allowed; it must be * or a list of partition:node");
  return {};
}

/// The value of `key` among `overrides`, or else its default.
std::int64_t effective(resource_type type, const metadata::config_map& overrides, std::string_view key) {
  auto at = overrides.find(key);
  auto fallback = row_of(type, key)->fallback.value_or("0");
  return parse_integer(at == overrides.end() ? fallback : std::string_view{at->second}).value_or(0);
}

}  // namespace

error rules::check(resource_type type, std::string_view key, std::string_view value) const {
  auto* row = row_of(type, key);
  if (row == nullptr)
    return unknown(type, key);
  error problem;
  if (type == resource_type::topic)
    problem = check_topic_value(key, value);
  else if (type != resource_type::group)
    problem = check_scope(type, *row, key);
  if (!problem)
    problem = check_value(*row, value);
  if (!problem && type == resource_type::group)
    problem = check_group_value(key, value);
  return problem;
}

const broker_config& rules::node() const {
  static const broker_config without_file;
  return node_ ? *node_ : without_file;
}

error rules::check_group_value(std::string_view key, std::string_view value) const {
  auto number = parse_integer(value).value_or(0);
  auto& names = synonyms_of_group(key);
  auto refuse = [&](std::string_view how, std::string_view limit) {
    return make_error(errc::bad_value, std::string{key} + ": " + std::to_string(number) + " is not allowed; it must " +
                                         "be " + std::string{how} + " " + std::string{limit} + ", which is " +
                                         std::to_string(node().integer(limit)));
  };
  if (number < node().integer(names.lowest))
    return refuse("greater than or equal to", names.lowest);
  if (number > node().integer(names.highest))
    return refuse("less than or equal to", names.highest);
  return {};
}

error rules::check_group_together(const metadata::config_map& overrides) const {
  constexpr std::string_view session_key = "consumer.session.timeout.ms";
  constexpr std::string_view heartbeat_key = "consumer.heartbeat.interval.ms";
  if (!overrides.contains(session_key) && !overrides.contains(heartbeat_key))
    return {};
  auto value = [&](std::string_view key) {
    return *parse_integer(group_value({.fixed = &node(), .group = &overrides}, key).text);
  };
  auto session = value(session_key);
  auto heartbeat = value(heartbeat_key);
  if (session > heartbeat)
    return {};
  return make_error(errc::contradiction, std::string{session_key} + " must be greater than " +
                                           std::string{heartbeat_key} + "; they would be " + std::to_string(session) +
                                           " and " + std::to_string(heartbeat));
}

error rules::check_together(resource_type type, const metadata::config_map& overrides) const {
  if (type == resource_type::group)
    return check_group_together(overrides);
  std::string prefix = type == resource_type::topic ? "" : "log.cleaner.";
  auto low = prefix + "min.compaction.lag.ms";
  auto high = prefix + "max.compaction.lag.ms";
  if (effective(type, overrides, low) > effective(type, overrides, high))
    return make_error(errc::contradiction, low + " is above " + high + "; lower it, or raise the other");
  return {};
}

bool rules::is_list(resource_type type, std::string_view key) const {
  auto* row = row_of(type, key);
  return row != nullptr && row->type == value_type::list;
}

std::optional<std::string> rules::default_value(resource_type type, std::string_view key) const {
  auto* row = row_of(type, key);
  return row != nullptr && row->fallback ? std::optional{std::string{*row->fallback}} : std::nullopt;
}

}  // namespace troupe::config
