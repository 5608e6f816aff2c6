#pragma once

#include "runtime/config/errors.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace troupe::config {

/// One `key=value` of a properties file, unescaped.
struct property {
  std::string key;
  std::string value;
  int line = 0;  ///< where its first line stands, from 1
};

/// Parses the text of a Java properties file: comments with `#` or `!`, continuation by a final backslash, `=`, `:` or
/// white space between key and value, escapes `\n \t \r \f \uXXXX`. Text is taken as UTF-8. All properties in order,
/// duplicates included. Errors: `malformed_line` with `name:line`. `name` is only used in errors.
expected<std::vector<property>> parse_properties(std::string_view text, std::string_view name);

}  // namespace troupe::config
