#pragma once

#include "runtime/config/broker_config.hpp"
#include "runtime/metadata/config_rules.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace troupe::config {

/// Which settings may be changed while nodes run, and to what, by the table of settings. What a consumer group may be
/// given depends on the file of the node that judges.
///
/// Errors of `check`: `unknown_key`; `read_only` for a broker setting that stands in the file only, or that is for
/// single nodes and was given for all; `bad_value`, also for what this version cannot do, such as tiered storage.
/// Errors of `check_together`: `contradiction`.
class rules final : public metadata::config_rules {
 public:
  /// Judges as a node without a file.
  rules() = default;
  /// Judges as the node with that configuration, which is borrowed.
  explicit rules(const broker_config& node) : node_(&node) {}

  error check(metadata::config_resource_type type, std::string_view key, std::string_view value) const override;
  error check_together(metadata::config_resource_type type, const metadata::config_map& overrides) const override;
  bool is_list(metadata::config_resource_type type, std::string_view key) const override;
  std::optional<std::string> default_value(metadata::config_resource_type type, std::string_view key) const override;

 private:
  error check_group_value(std::string_view key, std::string_view value) const;
  error check_group_together(const metadata::config_map& overrides) const;
  const broker_config& node() const;

  const broker_config* node_ = nullptr;
};

}  // namespace troupe::config
