#include "runtime/config/listener.hpp"

#include "runtime/config/values.hpp"

#include <algorithm>
#include <map>
#include <optional>

namespace troupe::config {

namespace {

constexpr std::string_view protocols[] = {"PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"};

std::string upper(std::string_view text) {
  std::string out{text};
  for (char& c : out)
    if (c >= 'a' && c <= 'z')
      c = static_cast<char>(c - 'a' + 'A');
  return out;
}

error malformed(std::string_view key, std::string_view entry, std::string_view why) {
  return make_error(errc::bad_value, std::string{key} + ": \"" + std::string{entry} + "\" " + std::string{why} +
                                       "; write NAME://host:port");
}

/// Splits `host:port` or `[v6]:port`; none when it is neither.
std::optional<std::pair<std::string, std::uint16_t>> split_address(std::string_view address) {
  auto colon = address.rfind(':');
  if (colon == std::string_view::npos)
    return std::nullopt;
  auto host = address.substr(0, colon);
  auto digits = address.substr(colon + 1);
  auto port = parse_integer(digits);
  if (!port || *port < 0 || *port > 65535 || digits.find_first_not_of("0123456789") != std::string_view::npos)
    return std::nullopt;
  if (host.starts_with('[') && host.ends_with(']'))
    host = host.substr(1, host.size() - 2);
  else if (host.find_first_of(":[]/ ") != std::string_view::npos)
    return std::nullopt;
  return std::pair{std::string{host}, static_cast<std::uint16_t>(*port)};
}

using name_to_protocol = std::map<std::string, std::string, std::less<>>;

expected<name_to_protocol> parse_map(std::string_view text) {
  constexpr std::string_view key = "listener.security.protocol.map";
  name_to_protocol known;
  for (auto& entry : split_list(text)) {
    auto colon = entry.find(':');
    auto protocol = colon == std::string::npos ? "" : upper(trimmed(std::string_view{entry}.substr(colon + 1)));
    if (colon == 0 || std::ranges::find(protocols, protocol) == std::end(protocols))
      return make_error(errc::bad_value, std::string{key} + ": \"" + entry +
                                           "\" is not NAME:PROTOCOL with PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL");
    known[upper(trimmed(std::string_view{entry}.substr(0, colon)))] = protocol;
  }
  return known;
}

}  // namespace

std::string to_string(const listener& l) {
  bool v6 = l.host.find(':') != std::string::npos;
  return l.name + "://" + (v6 ? "[" + l.host + "]" : l.host) + ":" + std::to_string(l.port);
}

expected<std::vector<listener>> parse_listeners(std::string_view key, const std::vector<std::string>& entries,
                                                std::string_view protocol_map) {
  auto known = parse_map(protocol_map);
  if (!known)
    return known.error();
  std::vector<listener> all;
  for (auto& entry : entries) {
    auto slashes = entry.find("://");
    if (slashes == std::string::npos || slashes == 0)
      return malformed(key, entry, "has no listener name");
    auto address = split_address(std::string_view{entry}.substr(slashes + 3));
    if (!address)
      return malformed(key, entry, "has no host and port from 0 to 65535");
    auto name = upper(std::string_view{entry}.substr(0, slashes));
    auto protocol = known->find(name);
    if (protocol == known->end())
      return make_error(errc::contradiction, std::string{key} + ": listener " + name +
                                               " has no security protocol; add " + name +
                                               ":PLAINTEXT to listener.security.protocol.map");
    if (std::ranges::find(all, name, &listener::name) != all.end())
      return make_error(errc::contradiction, std::string{key} + ": two listeners are called " + name +
                                               "; give each a name of its own");
    all.push_back({name, address->first, address->second, protocol->second});
  }
  return all;
}

}  // namespace troupe::config
