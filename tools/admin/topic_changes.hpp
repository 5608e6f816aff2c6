#pragma once

#include "tools/admin/options.hpp"

#include <optional>
#include <string>
#include <vector>

namespace troupe::tools {

/// What `troupe topic create|alter|delete` was told.
struct topic_change {
  admin_options admin;
  std::vector<std::string> names;
  std::optional<std::int32_t> partitions;
  std::optional<std::int16_t> replication_factor;
  std::vector<std::string> configs;          ///< key=value
  std::vector<std::string> deleted_configs;  ///< key
  bool if_absent = false;                    ///< create: a topic that exists is fine
};

/// Each does its work for all names and says on stdout what was done. The error tells of the first name that failed;
/// what was done for others stays.
error create_topics(const topic_change& wish);
error alter_topics(const topic_change& wish);
error delete_topics(const topic_change& wish);

}  // namespace troupe::tools
