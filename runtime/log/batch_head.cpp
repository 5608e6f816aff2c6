#include "runtime/log/batch_head.hpp"

#include "runtime/log/big_endian.hpp"
#include "runtime/log/errors.hpp"

#include <limits>

namespace troupe::log {

expected<batch_head> batch_head::decode(bytes_view header, std::uint64_t position) {
  const auto prefix = batch_prefix::parse(header);
  if (!prefix)
    return prefix.error();
  if (header.size() < batch_header_bytes)
    return make_error(errc::incomplete_batch, "a batch header has 61 bytes, only " + std::to_string(header.size())
                                                + " are there");
  if (static_cast<std::int8_t>(header[batch_field::magic]) != batch_magic)
    return make_error(errc::unsupported_format, "message format "
                                                  + std::to_string(static_cast<std::int8_t>(header[batch_field::magic]))
                                                  + " where only 2 is stored");
  const auto delta = load_i32(header, batch_field::last_offset_delta);
  constexpr auto offset_max = std::numeric_limits<std::int64_t>::max();
  if (prefix->base < offset{0} || delta < 0 || prefix->base.value > offset_max - delta - 1)
    return make_error(errc::corrupt_batch, "base offset " + std::to_string(prefix->base.value)
                                             + " with last offset delta " + std::to_string(delta)
                                             + " is out of range");
  batch_head head;
  head.position = position;
  head.size_bytes = prefix->size_bytes;
  head.base = prefix->base;
  head.last = prefix->base + delta;
  head.epoch = leader_epoch{load_i32(header, batch_field::leader_epoch)};
  head.attributes = static_cast<std::uint16_t>(load_i16(header, batch_field::attributes));
  head.max_timestamp_ms = load_i64(header, batch_field::max_timestamp);
  head.producer = producer_id{load_i64(header, batch_field::producer)};
  head.producer_epoch = load_i16(header, batch_field::producer_epoch);
  head.base_sequence = load_i32(header, batch_field::base_sequence);
  if (head.base_sequence != no_sequence)
    head.last_sequence = static_cast<std::int32_t>(
      (static_cast<std::uint32_t>(head.base_sequence) + static_cast<std::uint32_t>(delta)) & 0x7fffffffU);
  head.record_count = load_i32(header, batch_field::record_count);
  return head;
}

}  // namespace troupe::log
