#include "runtime/log/control_record.hpp"

#include "runtime/base/invariant.hpp"
#include "runtime/log/batch_builder.hpp"
#include "runtime/log/big_endian.hpp"
#include "runtime/log/record.hpp"

#include <array>

namespace troupe::log {

namespace {

constexpr std::int16_t control_version = 0, abort_kind = 0, commit_kind = 1;

namespace field {
constexpr std::size_t version = 0, kind = 2, key_size = 4, coordinator_epoch = 2, value_size = 6;
}  // namespace field

}  // namespace

byte_slice marker_batch(const transaction_marker& marker, wall_time now) {
  std::array<std::uint8_t, field::key_size> key{};
  store_i16(key, field::version, control_version);
  store_i16(key, field::kind, marker.commits ? commit_kind : abort_kind);
  std::array<std::uint8_t, field::value_size> value{};
  store_i16(value, field::version, control_version);
  store_i32(value, field::coordinator_epoch, marker.coordinator_epoch);

  batch_fields fields;
  fields.producer = marker.producer;
  fields.producer_epoch = marker.producer_epoch;
  fields.transactional = true;
  fields.control = true;
  batch_builder builder{fields};
  builder.add({to_ms(now), bytes_view{key}, bytes_view{value}, {}});
  auto bytes = std::move(builder).finish();
  TROUPE_INVARIANT(bytes, "a batch that is not compressed can always be built");
  return std::move(*bytes);
}

std::optional<transaction_marker> read_marker(const batch_head& batch, bytes_view records) {
  record_run run{records, batch.record_count};
  const auto record = run.next();
  if (!record || !*record || !(*record)->key || !(*record)->value || (*record)->key->size() < field::key_size
      || (*record)->value->size() < field::value_size)
    return std::nullopt;
  const auto kind = load_i16(*(*record)->key, field::kind);
  if (kind != abort_kind && kind != commit_kind)
    return std::nullopt;
  return transaction_marker{batch.producer, batch.producer_epoch,
                            load_i32(*(*record)->value, field::coordinator_epoch), kind == commit_kind};
}

}  // namespace troupe::log
