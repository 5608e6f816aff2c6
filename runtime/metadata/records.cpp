#include "runtime/metadata/records.hpp"

namespace troupe::metadata {

namespace {

std::uint64_t half(const topic_id& id, std::size_t from) {
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < 8; ++i)
    out = out << 8 | id.bytes[from + i];
  return out;
}

void put_half(topic_id& id, std::size_t from, std::uint64_t value) {
  for (std::size_t i = 8; i-- > 0; value >>= 8)
    id.bytes[from + i] = static_cast<std::uint8_t>(value);
}

}  // namespace

topic_id read_id(schema::Id128::Reader from) {
  topic_id id;
  put_half(id, 0, from.getHigh());
  put_half(id, 8, from.getLow());
  return id;
}

void write_id(schema::Id128::Builder to, const topic_id& id) {
  to.setHigh(half(id, 0));
  to.setLow(half(id, 8));
}

}  // namespace troupe::metadata
