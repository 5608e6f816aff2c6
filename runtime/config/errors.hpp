#pragma once

#include "runtime/base/error.hpp"

#include <string>

namespace troupe::config {

/// What can be wrong with a setting, whether it comes from a file, from the command line or from a client.
enum class errc : std::uint8_t {
  malformed_line = 1,  ///< a line of a properties file, or a `--set`, that is not `key=value`
  unknown_key,         ///< no setting has this name
  bad_value,           ///< the value is not of the setting's type or outside of what is allowed
  contradiction,       ///< single values are fine, together they are not
  read_only,           ///< the setting can be given in the file only, not changed on a running node
};

/// The error `code` of this domain with the sentence that a person will read.
error make_error(errc code, std::string text);

}  // namespace troupe::config
