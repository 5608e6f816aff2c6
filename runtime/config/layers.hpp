#pragma once

#include "runtime/config/broker_config.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace troupe::config {

/// Where a value comes from; the numbers are those of DescribeConfigs (KIP-226).
enum class source : std::int8_t {
  topic = 1, dynamic_broker = 2, dynamic_default_broker = 3, static_broker = 4, default_value = 5, group = 8
};

/// All places that a value may stand in. Borrowed: the maps and the configuration must outlive it. A null map is empty.
struct layers {
  const value_map* topic = nullptr;            ///< overrides of one topic
  const value_map* broker = nullptr;           ///< changed for this node while running
  const value_map* cluster = nullptr;          ///< changed for all nodes while running (resource name "")
  const broker_config* fixed = nullptr;        ///< file and command line; never null
  const value_map* group = nullptr;            ///< overrides of one consumer group
};

/// A value and where it was found.
struct found_value {
  std::string key;    ///< the name under which it was found, e.g. `log.retention.hours` for `retention.ms`
  std::string text;   ///< in the unit of the key that was asked for
  config::source source = source::default_value;
};

/// The effective value of a topic setting, by Kafka's precedence: topic, then each of node, cluster, file in which one
/// of its broker synonyms stands, then the default. None when it is null. `key` must be a topic setting.
std::optional<found_value> topic_value(const layers& from, std::string_view key);

/// The effective value of a broker setting: node, cluster, file, default. None when it is null.
std::optional<found_value> broker_value(const layers& from, std::string_view key);

/// The effective value of a setting of a consumer group: the group's own, or the one of the broker setting behind it,
/// which is never null. `key` must be a setting of groups.
found_value group_value(const layers& from, std::string_view key);
/// That value as the node follows it: a group's own that lies outside of the range which the node's file allows by now
/// counts as the nearest end of it, as in Kafka.
std::int64_t group_integer(const layers& from, std::string_view key);

/// The values of these settings as the type at hand. The setting must exist, have that type and not be null.
std::int64_t broker_integer(const layers& from, std::string_view key);
/// As `broker_integer`, for a boolean.
bool broker_flag(const layers& from, std::string_view key);

}  // namespace troupe::config
