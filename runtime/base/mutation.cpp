#include "runtime/base/mutation.hpp"

#ifdef TROUPE_MUTATIONS

#include <cstdlib>
#include <string>

namespace troupe {

namespace {

/// At first what the environment says, so that any test program can be asked.
std::string& planted() {
  static std::string id = [] {
    const auto* said = std::getenv("TROUPE_MUTATION");
    return said ? std::string{said} : std::string{};
  }();
  return id;
}

}  // namespace

void plant_mutation(std::string_view id) {
  planted() = id;
}

const std::string& planted_mutation() noexcept {
  return planted();
}

bool mutation(std::string_view id) noexcept {
  return planted() == id;
}

}  // namespace troupe

#endif
