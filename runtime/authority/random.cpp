#include "runtime/authority/random.hpp"

namespace troupe {

topic_id new_topic_id(random_source& from) {
  for (;;) {
    topic_id id;
    for (std::size_t half = 0; half < 2; ++half) {
      auto bits = from.next(random_purpose::identity);
      for (std::size_t i = 0; i < 8; ++i)
        id.bytes[half * 8 + i] = static_cast<std::uint8_t>(bits >> (8 * i));
    }
    id.bytes[6] = static_cast<std::uint8_t>((id.bytes[6] & 0x0f) | 0x40);  // version 4 of RFC 4122
    id.bytes[8] = static_cast<std::uint8_t>((id.bytes[8] & 0x3f) | 0x80);
    if (!id.is_zero() && to_string(id).front() != '-')
      return id;
  }
}

}  // namespace troupe
