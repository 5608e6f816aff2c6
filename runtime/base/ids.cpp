#include "runtime/base/ids.hpp"

namespace troupe {

std::string to_string(const topic_id& id) {
  static constexpr char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
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

}  // namespace troupe
