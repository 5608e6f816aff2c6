#pragma once

#include "runtime/authority/random.hpp"

#include <memory>

namespace troupe::posix {

/// Randomness from the operating system, fit for identities.
std::unique_ptr<random_source> make_random();

}  // namespace troupe::posix
