#pragma once

#include "runtime/base/error.hpp"

namespace troupe::group {

/// What goes wrong in groups beside what Kafka's codes tell.
enum class errc : std::uint8_t {
  bad_assignment = 1,  ///< an assignor gave what is not to be given
};

inline error make_error(errc code, std::string text) {
  return domain_error(error_domain::group, static_cast<std::uint8_t>(code), std::move(text));
}

}  // namespace troupe::group
