#include "runtime/group/identity.hpp"

#include "runtime/authority/random.hpp"
#include "runtime/group/bounds.hpp"

#include <algorithm>

namespace troupe::group {

std::string new_member_id(std::string_view name, random_source& random) {
  auto bytes = new_topic_id(random).bytes;
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | 0x40);  // RFC 4122: random
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);
  std::string out{name.substr(0, bounds::client_id_bytes_max)};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 0 || i == 4 || i == 6 || i == 8 || i == 10)
      out += '-';
    constexpr auto digits = "0123456789abcdef";
    out += digits[bytes[i] >> 4];
    out += digits[bytes[i] & 15];
  }
  return out;
}

std::string quoted(std::string_view said) {
  std::string out{said.substr(0, bounds::reason_bytes_max)};
  std::ranges::replace_if(out, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 127; }, '?');
  return '"' + out + '"';
}

}  // namespace troupe::group
