#include "runtime/log/batch.hpp"

#include "runtime/log/big_endian.hpp"
#include "runtime/log/errors.hpp"

#include <isa-l/crc.h>

#include <algorithm>
#include <limits>

namespace troupe::log {

namespace {

constexpr std::size_t record_bytes_min =
    7;  // length, attributes, two deltas, key, value and header counts: a byte each

error corrupt(std::string text) {
  return make_error(errc::corrupt_batch, std::move(text));
}

std::string describe(bytes_view bytes) {
  return "record batch at base offset " + std::to_string(load_i64(bytes, batch_field::base_offset));
}

}  // namespace

std::string_view to_string(codec c) {
  constexpr std::string_view names[] = {"none", "gzip", "snappy", "lz4", "zstd"};
  return names[static_cast<std::size_t>(c)];
}

std::uint32_t crc32c(bytes_view data, std::uint32_t before) {
  // ISA-L works on the raw register: the inversion before and after is the caller's. It takes an int for the length.
  constexpr std::size_t slice = std::size_t{1} << 30;
  auto crc = ~before;
  while (!data.empty()) {
    const auto n = std::min(slice, data.size());
    crc = crc32_iscsi(const_cast<std::uint8_t*>(data.data()), static_cast<int>(n), crc);
    data = data.subspan(n);
  }
  return ~crc;
}

expected<batch_prefix> batch_prefix::parse(bytes_view bytes) {
  if (bytes.size() < batch_prefix_bytes)
    return make_error(errc::incomplete_batch,
                      "a record batch starts with 12 bytes, only " + std::to_string(bytes.size()) + " are there");
  const auto length = load_i32(bytes, batch_field::length);
  constexpr auto length_min = static_cast<std::int32_t>(batch_header_bytes - batch_prefix_bytes);
  if (length < length_min)
    return corrupt(describe(bytes) + ": its length field is " + std::to_string(length) + ", below the header's "
                   + std::to_string(length_min));
  return batch_prefix{offset{load_i64(bytes, batch_field::base_offset)},
                      batch_prefix_bytes + static_cast<std::size_t>(length)};
}

expected<batch_view> batch_view::parse(bytes_view bytes) {
  // Magic first: in the old formats the same place holds it, but lengths may be smaller than our header.
  if (bytes.size() > batch_field::magic) {
    const auto magic = static_cast<std::int8_t>(bytes[batch_field::magic]);
    if (magic != batch_magic)
      return make_error(errc::unsupported_format, describe(bytes) + ": message format " + std::to_string(magic)
                                                      + " is not supported, only 2 is (clients since 0.11)");
  }
  auto prefix = batch_prefix::parse(bytes);
  if (!prefix)
    return prefix.error();
  if (bytes.size() < prefix->size_bytes)
    return make_error(errc::incomplete_batch, describe(bytes) + ": it is " + std::to_string(prefix->size_bytes)
                                                  + " bytes long, only " + std::to_string(bytes.size()) + " are there");
  return batch_view{bytes.first(prefix->size_bytes)};
}

std::int64_t batch_view::read64(std::size_t at) const {
  return load_i64(bytes_, at);
}

std::int32_t batch_view::read32(std::size_t at) const {
  return load_i32(bytes_, at);
}

std::uint16_t batch_view::attributes() const {
  return static_cast<std::uint16_t>(load_i16(bytes_, batch_field::attributes));
}

std::int16_t batch_view::producer_epoch() const {
  return load_i16(bytes_, batch_field::producer_epoch);
}

std::int32_t batch_view::last_sequence() const {
  const auto first = base_sequence();
  if (first == no_sequence)
    return no_sequence;
  const auto sum = static_cast<std::uint32_t>(first) + static_cast<std::uint32_t>(last_offset_delta());
  return static_cast<std::int32_t>(sum & 0x7fffffffU);
}

std::optional<codec> batch_view::compression() const {
  const auto number = attributes() & attribute::codec_mask;
  if (number > static_cast<int>(codec::zstd))
    return std::nullopt;
  return static_cast<codec>(number);
}

timestamp_type batch_view::time_type() const {
  return attributes() & attribute::log_append_time ? timestamp_type::log_append_time : timestamp_type::create_time;
}

std::optional<wall_time> batch_view::delete_horizon() const {
  if (!(attributes() & attribute::delete_horizon))
    return std::nullopt;
  return from_ms(base_timestamp_ms());
}

error batch_view::check_header() const {
  const auto delta = last_offset_delta();
  const auto count = record_count();
  if (base_offset() < offset{0} || delta < 0
      || base_offset().value > std::numeric_limits<std::int64_t>::max() - delta - 1)
    return corrupt(describe(bytes_) + ": offset or last offset delta " + std::to_string(delta) + " is out of range");
  // Compaction leaves fewer records than offsets, never more.
  if (count < 0 || std::int64_t{count} > std::int64_t{delta} + 1)
    return corrupt(describe(bytes_) + ": " + std::to_string(count) + " records do not fit a last offset delta of "
                   + std::to_string(delta));
  const auto packed = compression();
  if (!packed)
    return make_error(errc::unsupported_compression, describe(bytes_) + ": compression codec "
                                                         + std::to_string(attributes() & attribute::codec_mask)
                                                         + " is not one of Kafka's (0 to 4)");
  if (*packed == codec::none && records().size() / record_bytes_min < static_cast<std::size_t>(count))
    return corrupt(describe(bytes_) + ": " + std::to_string(count) + " records cannot lie in "
                   + std::to_string(records().size()) + " bytes");
  return {};
}

expected<std::optional<batch_view>> batch_run::next() {
  const auto left = rest();
  if (left.empty())
    return std::optional<batch_view>{};
  auto found = batch_view::parse(left);
  if (!found) {
    if (is_error(found.error(), errc::incomplete_batch))
      return std::optional<batch_view>{};
    return found.error();
  }
  position_ += found->size();
  return std::optional<batch_view>{*found};
}

batch_header_patch::batch_header_patch(const batch_view& of) : records_(of.records()) {
  std::copy_n(of.bytes().begin(), batch_header_bytes, header_.begin());
}

void batch_header_patch::set_base_offset(offset base) {
  store_i64(header_, batch_field::base_offset, base.value);
}

void batch_header_patch::set_leader_epoch(leader_epoch epoch) {
  store_i32(header_, batch_field::leader_epoch, epoch.value);
}

void batch_header_patch::stamp_append_time(wall_time now) {
  set_times(timestamp_type::log_append_time, to_ms(now));
}

void batch_header_patch::set_times(timestamp_type type, std::int64_t max_timestamp_ms) {
  auto bits = static_cast<std::uint16_t>(load_i16(header_, batch_field::attributes));
  bits = static_cast<std::uint16_t>(type == timestamp_type::log_append_time ? bits | attribute::log_append_time
                                                                            : bits & ~attribute::log_append_time);
  store_i16(header_, batch_field::attributes, static_cast<std::int16_t>(bits));
  store_i64(header_, batch_field::max_timestamp, max_timestamp_ms);
  renew_crc();
}

void batch_header_patch::replace_records(codec packed_as, bytes_view packed) {
  const auto bits = static_cast<std::uint16_t>(load_i16(header_, batch_field::attributes));
  store_i16(header_, batch_field::attributes,
            static_cast<std::int16_t>((bits & ~attribute::codec_mask) | static_cast<std::uint16_t>(packed_as)));
  store_i32(header_, batch_field::length,
            static_cast<std::int32_t>(batch_header_bytes - batch_prefix_bytes + packed.size()));
  records_ = packed;
  renew_crc();
}

void batch_header_patch::renew_crc() {
  const auto covered = bytes_view{header_}.subspan(batch_field::attributes);
  store_i32(header_, batch_field::crc, static_cast<std::int32_t>(crc32c(records_, crc32c(covered))));
}

byte_slice batch_header_patch::joined() const {
  unique_buffer whole{size()};
  auto end = std::copy(header_.begin(), header_.end(), whole.data());
  std::copy(records_.begin(), records_.end(), end);
  const auto n = size();
  return std::move(whole).freeze(n);
}

}  // namespace troupe::log
