#pragma once

#include "runtime/base/ids.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace troupe::group {

/// What a coordinator has to know of a topic.
struct topic_facts {
  topic_id id;
  std::string name;
  std::int32_t partitions = 0;
};

/// Settings that a group has of its own; none: as the coordinator is set.
struct group_settings {
  std::optional<std::chrono::milliseconds> session_timeout;      ///< `consumer.session.timeout.ms`
  std::optional<std::chrono::milliseconds> heartbeat_interval;   ///< `consumer.heartbeat.interval.ms`
  std::optional<std::chrono::milliseconds> assignment_interval;  ///< `consumer.assignment.interval.ms`
};

/// The cluster as it is at one moment, as far as groups depend on it. Immutable.
class cluster_facts {
 public:
  virtual ~cluster_facts() = default;
  /// None when there is no such topic.
  virtual std::optional<topic_facts> find_topic(std::string_view name) const = 0;
  virtual std::optional<topic_facts> find_topic(const topic_id& id) const = 0;
  /// Calls `use` with the name of each topic, in order.
  virtual void for_each_topic(const std::function<void(const std::string&)>& use) const = 0;
  virtual group_settings settings_of(const std::string& group) const = 0;
};

}  // namespace troupe::group
