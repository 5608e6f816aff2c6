#include "runtime/base/ids.hpp"

namespace troupe {

namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

}  // namespace

std::string to_string(const topic_id& id) {
  std::string out;
  std::uint32_t bits = 0;
  int held = 0;
  for (auto b : id.bytes) {
    bits = bits << 8 | b;
    held += 8;
    while (held >= 6) {
      held -= 6;
      out += alphabet[bits >> held & 63];
    }
  }
  if (held > 0)
    out += alphabet[bits << (6 - held) & 63];
  return out;
}

std::optional<topic_id> parse_topic_id(std::string_view text) {
  constexpr std::size_t digits = 22;
  if (text.size() != digits)
    return std::nullopt;
  topic_id out;
  std::uint32_t bits = 0;
  int held = 0;
  std::size_t filled = 0;
  for (const char c : text) {
    const auto value = alphabet.find(c);
    if (value == std::string_view::npos)
      return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    held += 6;
    if (held < 8)
      continue;
    held -= 8;
    out.bytes[filled++] = static_cast<std::uint8_t>(bits >> held);
  }
  return out;
}

}  // namespace troupe
