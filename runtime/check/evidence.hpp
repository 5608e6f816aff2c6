#pragma once

#include "runtime/check/observed.hpp"

#include <initializer_list>
#include <string>

namespace troupe::check {

/// A line with `label` and `op`; of a long one only what concerns `key` near `around` is shown. Empty for no operation.
std::string evidence(const observed& seen, const char* label, operation_number op, log_key key, offset around);

/// "7@3", or "7" without an offset.
std::string shown(value what, offset at);

/// The records at the places [from, to) of `log` that a reader must not leave out, the first few by name.
std::string shown_due(const observed_log& log, std::uint32_t from, std::uint32_t to);

}  // namespace troupe::check
