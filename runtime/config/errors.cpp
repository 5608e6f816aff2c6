#include "runtime/config/errors.hpp"

namespace troupe::config {

error make_error(errc code, std::string text) {
  return domain_error(error_domain::config, static_cast<std::uint8_t>(code), std::move(text));
}

}  // namespace troupe::config
