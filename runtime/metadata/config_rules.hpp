#pragma once

#include "runtime/base/error.hpp"
#include "runtime/metadata/config_map.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace troupe::metadata {

/// What the commands ask about settings; the table of settings implements it (`runtime/config`). Pure and safe for any
/// thread. The errors may be of any domain: the commands take their sentence and answer `invalid_config`.
class config_rules {
 public:
  virtual ~config_rules() = default;

  /// No error when `value` may be given to `key` of a resource of that type while running. An unknown key, a key that
  /// cannot be changed while running and a bad value are errors.
  virtual error check(config_resource_type type, std::string_view key, std::string_view value) const = 0;

  /// No error when the overrides of one resource, each of which is fine alone, do not contradict each other.
  virtual error check_together(config_resource_type type, const config_map& overrides) const = 0;

  /// True when the value is a list, so that APPEND and SUBTRACT make sense. False for unknown keys.
  virtual bool is_list(config_resource_type type, std::string_view key) const = 0;

  /// The default that APPEND and SUBTRACT start from when the resource has no value of its own; none: an empty list.
  virtual std::optional<std::string> default_value(config_resource_type type, std::string_view key) const = 0;
};

}  // namespace troupe::metadata
