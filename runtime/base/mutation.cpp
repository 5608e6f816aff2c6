#include "runtime/base/mutation.hpp"

#ifdef TROUPE_MUTATIONS

#include <string>

namespace troupe {

namespace {

std::string& planted() {
  static std::string id;
  return id;
}

}  // namespace

void plant_mutation(std::string_view id) {
  planted() = id;
}

bool mutation(std::string_view id) noexcept {
  return planted() == id;
}

}  // namespace troupe

#endif
