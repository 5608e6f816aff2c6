#include "tools/admin/address.hpp"

#include "runtime/config/values.hpp"

namespace troupe::tools {

error complaint(std::string sentence) {
  return domain_error(error_domain::base, 1, std::move(sentence));
}

namespace {

expected<endpoint> parse_address(const std::string& entry, std::string_view option) {
  const auto colon = entry.rfind(':');
  const auto port = config::parse_integer(colon == std::string::npos ? "" : std::string_view{entry}.substr(colon + 1));
  auto host = entry.substr(0, colon == std::string::npos ? 0 : colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  else if (host.find(':') != std::string::npos)
    host.clear();
  const auto number = port.value_or(0);
  if (host.empty() || number < 1 || number > 65535)
    return complaint(std::string{option} + ": \"" + entry + "\" is not HOST:PORT, as 127.0.0.1:9092 or [::1]:9092");
  return endpoint{host, static_cast<std::uint16_t>(number)};
}

}  // namespace

expected<std::vector<endpoint>> parse_addresses(std::string_view text, std::string_view option) {
  std::vector<endpoint> out;
  for (const auto& entry : config::split_list(text)) {
    auto one = parse_address(entry, option);
    if (!one)
      return one.error();
    out.push_back(*one);
  }
  if (out.empty())
    return complaint(std::string{option} + ": no address; name at least one HOST:PORT");
  return out;
}

}  // namespace troupe::tools
