#pragma once

#include "runtime/config/errors.hpp"

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

/// The settings of Kafka 4.3.1 and our own, as data. All functions here are pure and may be called from any thread;
/// every `string_view` they return lives as long as the program.
namespace troupe::config {

/// Settings that somebody gave, by key. The values are as given, not normalised.
using value_map = std::map<std::string, std::string, std::less<>>;

/// The type of a value; the numbers are those of DescribeConfigs (KIP-569).
enum class value_type : std::uint8_t {
  boolean = 1, string = 2, int32 = 3, int16 = 4, int64 = 5, float64 = 6, list = 7, class_name = 8, password = 9
};

/// How a setting may be changed once the node runs (KIP-226). Settings of topics and groups are always `cluster`.
enum class scope : std::uint8_t {
  fixed,       ///< in the file only
  per_broker,  ///< for one node by AlterConfigs with the node's id as resource name, not for all at once
  cluster,     ///< for one node, or for all by AlterConfigs with an empty resource name
};

/// What this release does with a setting.
enum class effect : std::uint8_t {
  honoured,  ///< the node follows it
  ignored,   ///< accepted with one warning, since it says nothing to this node
  hidden,    ///< as `ignored`, and internal to Kafka: DescribeConfigs leaves it out
};

/// Which values a setting allows: a range for numbers, a set of words for strings and lists, or anything of the type.
struct allowed_values {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  std::optional<double> exception;  ///< one number outside the range that is allowed too
  std::string_view words = {};      ///< allowed words, separated by a bar; empty: any
  bool non_empty = false;           ///< a string or list has to say something
  bool ignore_case = false;         ///< how a word is compared
};

/// One row of the table.
struct setting {
  std::string_view key;
  value_type type;
  std::optional<std::string_view> fallback;  ///< the default, as text; none: null
  allowed_values allowed;
  config::scope scope;
  config::effect effect;
  std::string_view doc;  ///< one sentence for a person; also what DescribeConfigs hands out as documentation

  /// True for values that are never shown: not in errors, not in logs, not to clients.
  bool sensitive() const { return type == value_type::password; }
};

/// Every broker setting, sorted by key.
std::span<const setting> broker_settings();
/// Every topic setting, sorted by key.
std::span<const setting> topic_settings();
/// Every setting of one consumer group, sorted by key.
std::span<const setting> group_settings();

/// The broker setting of that name, or null. `listener.name.<listener>.<key>` finds the setting `<key>`.
const setting* find_broker_setting(std::string_view key);
/// The topic setting of that name, or null.
const setting* find_topic_setting(std::string_view key);
/// The setting of a consumer group of that name, or null.
const setting* find_group_setting(std::string_view key);

/// True for keys that Kafka hands on to a plug-in (`rsm.config.`, `rlmm.config.`, `config.providers.` …): they have no
/// row and no effect here, and are no error.
bool is_plugin_key(std::string_view key);

/// The known key that `key` was probably meant to be: smallest edit distance, empty when nothing is near.
std::string_view nearest_key(std::string_view key, std::span<const setting> known);

/// Null when `text` is a value that `s` allows; otherwise `bad_value`, naming key, value and what is allowed.
error check_value(const setting& s, std::string_view text);

/// What `s` allows, for a sentence: "an int of at least 1", "one of producer, gzip, …".
std::string describe_allowed(const setting& s);

/// A broker setting that gives the default of a topic setting, and the factor from its unit to the topic setting's.
struct synonym {
  std::string_view key;
  std::int64_t factor = 1;
};

/// The broker settings behind a topic setting, most specific first (`retention.ms`: `log.retention.ms`, `.minutes`,
/// `.hours`); empty when there is none.
std::span<const synonym> synonyms_of_topic(std::string_view topic_key);
/// The chain of broker settings that `broker_key` stands in, beginning with itself: `log.roll.ms`, `log.roll.hours`.
std::span<const synonym> synonyms_of_broker(std::string_view broker_key);

/// The broker settings behind a setting of a consumer group.
struct group_synonyms {
  std::string_view group_key;
  synonym fallback;         ///< gives the default
  std::string_view lowest;  ///< the smallest value that a group may be given, and below the largest
  std::string_view highest;
};
/// Those of `group_key`, which must be a setting of groups.
const group_synonyms& synonyms_of_group(std::string_view group_key);

}  // namespace troupe::config
