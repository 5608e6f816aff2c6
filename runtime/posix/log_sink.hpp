#pragma once

#include "runtime/authority/log_sink.hpp"

#include <memory>

namespace troupe::posix {

/// Lines on standard error: time, level, component, text. Lines below `least` are dropped.
std::unique_ptr<log_sink> make_log_sink(log_level least);

}  // namespace troupe::posix
