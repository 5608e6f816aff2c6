#pragma once

#include "runtime/config/layers.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace troupe::config {

/// One entry of an answer to DescribeConfigs or CreateTopics.
struct described_setting {
  /// A place that gives this setting a value, in order of precedence.
  struct synonym_value {
    std::string name;
    std::optional<std::string> value;  ///< none when sensitive
    config::source source;
  };

  std::string name;
  std::optional<std::string> value;  ///< none when null or sensitive
  config::source source = source::default_value;
  bool read_only = false;
  bool sensitive = false;
  value_type type = value_type::string;
  std::string_view documentation;
  std::vector<synonym_value> synonyms;  ///< first the one that counts
};

/// The keys a client asked for; null or empty: all of them. Unknown ones are left out of the answer, as Kafka does.
using key_filter = const std::vector<std::string>*;

/// Every setting of a topic. `from.topic` holds its overrides.
std::vector<described_setting> describe_topic(const layers& from, key_filter keys = nullptr);

/// Every setting of a consumer group. `from.group` holds its overrides.
std::vector<described_setting> describe_group(const layers& from, key_filter keys = nullptr);

/// Every setting of the node that `from` belongs to.
std::vector<described_setting> describe_broker(const layers& from, key_filter keys = nullptr);

/// The settings that were changed for all nodes while running (broker resource with an empty name).
std::vector<described_setting> describe_cluster_default(const layers& from, key_filter keys = nullptr);

}  // namespace troupe::config
