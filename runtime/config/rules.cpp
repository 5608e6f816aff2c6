#include "runtime/config/rules.hpp"

#include "runtime/config/settings.hpp"
#include "runtime/config/values.hpp"

#include <algorithm>

namespace troupe::config {

namespace {

using resource_type = metadata::config_resource_type;

const setting* row_of(resource_type type, std::string_view key) {
  return type == resource_type::topic ? find_topic_setting(key) : find_broker_setting(key);
}

error unknown(resource_type type, std::string_view key) {
  bool of_topic = type == resource_type::topic;
  auto near = nearest_key(key, of_topic ? topic_settings() : broker_settings());
  auto hint = near.empty() ? std::string{} : "; did you mean " + std::string{near} + "?";
  auto kind = std::string{of_topic ? "topic" : "broker"};
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
  if (type != resource_type::topic) {
    if (auto problem = check_scope(type, *row, key))
      return problem;
  } else if (auto problem = check_topic_value(key, value)) {
    return problem;
  }
  return check_value(*row, value);
}

error rules::check_together(resource_type type, const metadata::config_map& overrides) const {
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
