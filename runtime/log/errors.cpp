#include "runtime/log/errors.hpp"

namespace troupe::log {

error make_error(errc code, std::string text) {
  return domain_error(error_domain::log, static_cast<std::uint8_t>(code), std::move(text));
}

bool is_error(const error& e, errc code) noexcept {
  return troupe::is_error(e, error_domain::log, static_cast<std::uint8_t>(code));
}

}  // namespace troupe::log
