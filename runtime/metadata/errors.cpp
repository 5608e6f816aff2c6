#include "runtime/metadata/errors.hpp"

#include <utility>

namespace troupe::metadata {

error make_error(errc code, std::string text) {
  return domain_error(error_domain::metadata, static_cast<std::uint8_t>(code), std::move(text));
}

bool is(const error& e, errc code) noexcept {
  return is_error(e, error_domain::metadata, static_cast<std::uint8_t>(code));
}

}  // namespace troupe::metadata
