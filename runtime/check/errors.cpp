#include "runtime/check/errors.hpp"

#include <utility>

namespace troupe::check {

error make_error(errc code, std::string text) {
  return domain_error(error_domain::check, static_cast<std::uint8_t>(code), std::move(text));
}

bool is(const error& e, errc code) noexcept {
  return is_error(e, error_domain::check, static_cast<std::uint8_t>(code));
}

}  // namespace troupe::check
