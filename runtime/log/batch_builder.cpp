#include "runtime/log/batch_builder.hpp"

#include "runtime/base/invariant.hpp"
#include "runtime/log/big_endian.hpp"
#include "runtime/log/errors.hpp"
#include "runtime/log/varint.hpp"

#include <algorithm>
#include <limits>

namespace troupe::log {

namespace {

using byte_vector = std::vector<std::uint8_t>;

void put_bytes(byte_vector& to, bytes_view from) {
  to.insert(to.end(), from.begin(), from.end());
}

void put_nullable(byte_vector& to, const nullable_bytes& from) {
  put_varint(to, from ? static_cast<std::int64_t>(from->size()) : -1);
  if (from)
    put_bytes(to, *from);
}

void put_record(byte_vector& records, byte_vector& payload) {
  put_varint(records, static_cast<std::int64_t>(payload.size()));
  put_bytes(records, payload);
}

std::int16_t attributes_of(const batch_fields& fields, bool empty) {
  // An empty batch holds no compressed stream, so it names no codec.
  auto bits = empty ? std::uint16_t{0} : static_cast<std::uint16_t>(fields.compression);
  if (fields.time_type == timestamp_type::log_append_time)
    bits |= attribute::log_append_time;
  if (fields.transactional)
    bits |= attribute::transactional;
  if (fields.control)
    bits |= attribute::control;
  if (fields.delete_horizon)
    bits |= attribute::delete_horizon;
  return static_cast<std::int16_t>(bits);
}

}  // namespace

batch_fields batch_fields::like(const batch_view& batch) {
  batch_fields fields;
  fields.base_offset = batch.base_offset();
  fields.partition_leader_epoch = batch.partition_leader_epoch();
  fields.compression = batch.compression().value_or(codec::none);
  fields.time_type = batch.time_type();
  fields.producer = batch.producer();
  fields.producer_epoch = batch.producer_epoch();
  fields.base_sequence = batch.base_sequence();
  fields.transactional = batch.is_transactional();
  fields.control = batch.is_control();
  fields.delete_horizon = batch.delete_horizon();
  return fields;
}

void batch_builder::set_base_timestamp(std::int64_t ms) {
  TROUPE_INVARIANT(count_ == 0, "the base timestamp stands before the first record");
  base_timestamp_ms_ = ms;
}

void batch_builder::begin(std::int32_t offset_delta, std::int64_t timestamp_ms) {
  TROUPE_INVARIANT(offset_delta >= next_delta_, "offsets inside a batch rise");
  if (fields_.delete_horizon)
    base_timestamp_ms_ = to_ms(*fields_.delete_horizon);
  if (!base_timestamp_ms_)
    base_timestamp_ms_ = timestamp_ms;
  largest_ms_ = std::max(largest_ms_, timestamp_ms);
  next_delta_ = offset_delta + 1;
  ++count_;
}

void batch_builder::add(const record_fields& record) {
  add_at(next_delta_, record);
}

void batch_builder::add_at(std::int32_t offset_delta, const record_fields& record) {
  begin(offset_delta, record.timestamp_ms);
  byte_vector payload{0};  // attributes
  put_varint(payload, wrapping_sub(record.timestamp_ms, *base_timestamp_ms_));
  put_varint(payload, offset_delta);
  put_nullable(payload, record.key);
  put_nullable(payload, record.value);
  put_varint(payload, static_cast<std::int64_t>(record.headers.size()));
  for (const auto& header : record.headers) {
    put_nullable(payload, header.key);
    put_nullable(payload, header.value);
  }
  put_record(records_, payload);
}

void batch_builder::add_from(const record_view& record, std::int64_t its_base_timestamp_ms) {
  const auto timestamp_ms = wrapping_add(its_base_timestamp_ms, record.timestamp_delta);
  begin(record.offset_delta, timestamp_ms);
  if (*base_timestamp_ms_ == its_base_timestamp_ms) {
    put_bytes(records_, record.encoded);
    return;
  }
  byte_vector payload{0};
  put_varint(payload, wrapping_sub(timestamp_ms, *base_timestamp_ms_));
  put_varint(payload, record.offset_delta);
  put_nullable(payload, record.key);
  put_nullable(payload, record.value);
  put_varint(payload, record.header_count);
  put_bytes(payload, record.header_bytes);
  put_record(records_, payload);
}

void batch_builder::write_header(std::span<std::uint8_t> header, std::size_t records_size) const {
  const auto last_delta = std::max(last_offset_delta_, next_delta_ - 1);
  store_i64(header, batch_field::base_offset, fields_.base_offset.value);
  store_i32(header, batch_field::length,
            static_cast<std::int32_t>(batch_header_bytes - batch_prefix_bytes + records_size));
  store_i32(header, batch_field::leader_epoch, fields_.partition_leader_epoch.value);
  header[batch_field::magic] = static_cast<std::uint8_t>(batch_magic);
  store_i16(header, batch_field::attributes, attributes_of(fields_, count_ == 0));
  store_i32(header, batch_field::last_offset_delta, std::max(last_delta, 0));
  store_i64(header, batch_field::base_timestamp, base_timestamp_ms_.value_or(no_timestamp));
  store_i64(header, batch_field::max_timestamp, max_timestamp_ms_.value_or(largest_ms_));
  store_i64(header, batch_field::producer, fields_.producer.value);
  store_i16(header, batch_field::producer_epoch, fields_.producer_epoch);
  store_i32(header, batch_field::base_sequence, fields_.base_sequence);
  store_i32(header, batch_field::record_count, count_);
}

expected<byte_slice> batch_builder::finish() && {
  if (count_ == 0)
    fields_.delete_horizon.reset();
  if (count_ > 0 && fields_.compression != codec::none) {
    auto packed = compress(fields_.compression, fields_.levels, records_);
    if (!packed)
      return packed.error();
    records_ = std::move(*packed);
  }
  if (records_.size() > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()) - batch_header_bytes)
    return make_error(errc::batch_too_large,
                      "a batch cannot hold " + std::to_string(records_.size()) + " bytes of records");
  const auto size = batch_header_bytes + records_.size();
  unique_buffer whole{size};
  write_header(whole.span(), records_.size());
  std::copy(records_.begin(), records_.end(), whole.data() + batch_header_bytes);
  const auto crc = crc32c(bytes_view{whole.span()}.subspan(batch_field::attributes));
  store_i32(whole.span(), batch_field::crc, static_cast<std::int32_t>(crc));
  return std::move(whole).freeze(size);
}

}  // namespace troupe::log
