#include "runtime/authority/transport.hpp"

namespace troupe {

error make_error(transport_errc code, std::string text) {
  return domain_error(error_domain::transport, static_cast<std::uint8_t>(code), std::move(text));
}

}  // namespace troupe
