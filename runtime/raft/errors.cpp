#include "runtime/raft/errors.hpp"

#include <utility>

namespace troupe::raft {

error make_error(errc code, std::string text) {
  return domain_error(error_domain::raft, static_cast<std::uint8_t>(code), std::move(text));
}

bool is(const error& e, errc code) noexcept {
  return is_error(e, error_domain::raft, static_cast<std::uint8_t>(code));
}

}  // namespace troupe::raft
