#pragma once

#include "runtime/authority/transport.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace troupe::tools {

/// What a person did or asked for that cannot be done; the sentence says what and what to do.
error complaint(std::string sentence);

/// Reads `host:port,host:port…`, IPv6 hosts in brackets; `option` is what it is called in errors.
expected<std::vector<endpoint>> parse_addresses(std::string_view text, std::string_view option);

}  // namespace troupe::tools
