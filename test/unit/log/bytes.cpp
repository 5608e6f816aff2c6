#include "bytes.hpp"

#include "runtime/base/bounds.hpp"

#include <zlib.h>

#include <sstream>

namespace troupe::log::test {

byte_vector from_hex(std::string_view hex) {
  byte_vector bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes.push_back(static_cast<std::uint8_t>(std::stoi(std::string{hex.substr(i, 2)}, nullptr, 16)));
  return bytes;
}

std::string to_hex(bytes_view bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string hex;
  for (const auto b : bytes) {
    hex += digits[b >> 4];
    hex += digits[b & 15];
  }
  return hex;
}

byte_vector noise(std::size_t size, std::uint64_t seed) {
  std::mt19937_64 random{seed};
  byte_vector bytes(size);
  for (auto& b : bytes)
    b = static_cast<std::uint8_t>(random());
  return bytes;
}

byte_slice make_batch(const std::vector<simple_record>& records, batch_fields fields) {
  batch_builder builder{fields};
  for (const auto& r : records) {
    record_fields f;
    f.timestamp_ms = r.timestamp_ms;
    if (r.key)
      f.key = as_bytes(*r.key);
    if (r.value)
      f.value = as_bytes(*r.value);
    builder.add(f);
  }
  return must(std::move(builder).finish());
}

namespace {

std::string shown(const nullable_bytes& bytes) {
  constexpr std::size_t whole_max = 32;
  if (!bytes)
    return "null";
  if (bytes->size() <= whole_max)
    return "x" + to_hex(*bytes);
  std::ostringstream text;
  text << bytes->size() << '/' << std::hex << crc32(0, bytes->data(), static_cast<uInt>(bytes->size()));
  return text.str();
}

void describe_records(std::ostream& text, const batch_view& batch) {
  const auto plain = must(unpacked_records::of(batch, bounds::unpacked_batch_bytes_max));
  record_run run{plain};
  for (auto record = must(run.next()); record; record = must(run.next())) {
    const auto time = batch.time_type() == timestamp_type::log_append_time
                          ? batch.max_timestamp_ms()
                          : batch.base_timestamp_ms() + record->timestamp_delta;
    text << "  " << (batch.base_offset() + record->offset_delta).value << " at " << time << ' ' << shown(record->key)
         << ' ' << shown(record->value);
    for (const auto& header : record->headers())
      text << ' ' << as_text(header.key) << '=' << shown(header.value);
    text << '\n';
  }
}

}  // namespace

std::string describe(bytes_view bytes) {
  std::ostringstream text;
  batch_run run{bytes};
  for (auto batch = must(run.next()); batch; batch = must(run.next())) {
    const auto& b = *batch;
    BOOST_REQUIRE(b.check_crc());
    must_succeed(b.check_header());
    const auto horizon = b.delete_horizon();
    text << "batch " << b.base_offset().value << ".." << b.last_offset().value << " epoch "
         << b.partition_leader_epoch().value << " codec " << to_string(*b.compression()) << " time "
         << (b.time_type() == timestamp_type::create_time ? "create" : "append") << " max " << b.max_timestamp_ms()
         << " producer " << b.producer().value << '/' << b.producer_epoch() << '/' << b.base_sequence() << ".."
         << b.last_sequence() << " txn " << b.is_transactional() << " control " << b.is_control() << " horizon "
         << (horizon ? to_ms(*horizon) : -1) << " count " << b.record_count() << '\n';
    describe_records(text, b);
  }
  BOOST_REQUIRE(run.rest().empty());
  return text.str();
}

}  // namespace troupe::log::test
