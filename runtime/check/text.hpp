#pragma once

#include "runtime/base/error.hpp"
#include "runtime/check/history.hpp"

#include <string>
#include <string_view>

namespace troupe::check {

/// The text form of a history, one operation a line, in any order; FORMAT.md describes it. Fails with `errc::bad_line`.
expected<history> parse_history(std::string_view text);

/// The whole of `h` in the form that `parse_history` reads.
std::string to_text(const history& h);

/// One operation of `h` as a line of the text form, without the line's end.
std::string to_text(const history& h, const operation& op);

/// As `to_text`, but only what concerns `key`, and of long polls only the records near `around`: for reports.
std::string excerpt(const history& h, const operation& op, log_key key, offset around);

}  // namespace troupe::check
