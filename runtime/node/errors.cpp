#include "runtime/node/errors.hpp"

namespace troupe {

error make_error(node_errc code, std::string text) {
  return domain_error(error_domain::node, static_cast<std::uint8_t>(code), std::move(text));
}

}  // namespace troupe
