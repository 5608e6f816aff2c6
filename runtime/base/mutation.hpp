#pragma once

#include <string>
#include <string_view>

/// Bugs planted on purpose, to learn whether the tests would find them. In an ordinary build there are none, and
/// `mutation` is a constant that the compiler removes; a build with `TROUPE_MUTATIONS` can switch one on by its name.
namespace troupe {

#ifdef TROUPE_MUTATIONS

/// Switches the mutation `id` on for the whole process and any other off; none when empty. At first the one is on that
/// the environment names (`TROUPE_MUTATION`). Tests only, while no other thread runs product code.
void plant_mutation(std::string_view id);

/// The one that is switched on; empty: none.
const std::string& planted_mutation() noexcept;

/// True when the mutation `id` is switched on.
bool mutation(std::string_view id) noexcept;

#else

/// True when the mutation `id` is switched on: never in this build.
constexpr bool mutation(std::string_view) noexcept {
  return false;
}

#endif

}  // namespace troupe
