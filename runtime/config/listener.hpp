#pragma once

#include "runtime/config/errors.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::config {

/// An address that clients connect to, or that is told to them: `NAME://host:port`.
struct listener {
  std::string name;        ///< upper case
  std::string host;        ///< empty: all interfaces; an IPv6 address without its brackets
  std::uint16_t port = 0;  ///< 0 in `listeners`: the system chooses
  std::string protocol;    ///< PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL

  bool operator==(const listener&) const = default;
};

/// `NAME://host:port` as Kafka writes it, an IPv6 host in brackets.
std::string to_string(const listener& l);

/// Parses a list of listeners, `key` being where it stands (`listeners` or `advertised.listeners`); `protocol_map` is
/// the value of `listener.security.protocol.map`. Errors: `bad_value` naming the entry; `contradiction` for a name
/// without a protocol.
expected<std::vector<listener>> parse_listeners(std::string_view key, const std::vector<std::string>& entries,
                                                std::string_view protocol_map);

}  // namespace troupe::config
