#pragma once

#include "runtime/authority/clock.hpp"

#include <memory>

namespace troupe::posix {

/// The system's steady and real-time clocks.
std::unique_ptr<clock> make_clock();

}  // namespace troupe::posix
