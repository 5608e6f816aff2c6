// The `.snapshot` file of the producers: version, CRC-32C of what follows it, count, entries of 46 bytes.

#include "runtime/log/big_endian.hpp"
#include "runtime/log/errors.hpp"
#include "runtime/log/producers.hpp"

#include <algorithm>

namespace troupe::log {

namespace {

constexpr std::int16_t snapshot_version = 1;
constexpr std::size_t header_bytes = 10;  // version, CRC, count
constexpr std::size_t crc_at = 2;
constexpr std::size_t covered_from = 6;  // the CRC covers the count and all entries

namespace field {
constexpr std::size_t producer = 0, epoch = 8, last_sequence = 10, last_offset = 14, offset_delta = 22, timestamp = 26,
                      coordinator_epoch = 34, transaction_start = 38, size = 46;
}  // namespace field

error corrupt(std::string why) {
  return make_error(errc::corrupt_file, std::move(why));
}

void put_entry(std::vector<std::uint8_t>& to, producer_id id, const producer_state& known,
               const remembered_batch& batch) {
  const auto at = to.size();
  to.resize(at + field::size);
  const auto entry = std::span{to}.subspan(at);
  const auto delta = batch.last.value < 0 ? 0 : static_cast<std::int32_t>(batch.last - batch.first);
  store_i64(entry, field::producer, id.value);
  store_i16(entry, field::epoch, known.epoch);
  store_i32(entry, field::last_sequence, batch.last_sequence);
  store_i64(entry, field::last_offset, batch.last.value);
  store_i32(entry, field::offset_delta, delta);
  store_i64(entry, field::timestamp, batch.timestamp_ms);
  store_i32(entry, field::coordinator_epoch, known.coordinator_epoch);
  store_i64(entry, field::transaction_start, known.current_transaction_start.value);
}

void take_entry(bytes_view entry, producer_state& known) {
  const auto epoch = load_i16(entry, field::epoch);
  if (known.epoch != epoch) {
    known.forget_batches();
    known.epoch = epoch;
  }
  known.coordinator_epoch = load_i32(entry, field::coordinator_epoch);
  known.last_timestamp_ms = load_i64(entry, field::timestamp);
  known.current_transaction_start = offset{load_i64(entry, field::transaction_start)};
  const offset last{load_i64(entry, field::last_offset)};
  const auto delta = load_i32(entry, field::offset_delta);
  const auto last_sequence = load_i32(entry, field::last_sequence);
  if (last < offset{0} || last_sequence < 0)
    return;
  const auto wide = static_cast<std::uint32_t>(last_sequence) - static_cast<std::uint32_t>(delta);
  const auto first_sequence = wide & 0x7fffffffU;  // wraps at 2^31
  known.remember({static_cast<std::int32_t>(first_sequence), last_sequence, offset{last.value - delta}, last,
                  known.last_timestamp_ms});
}

}  // namespace

std::vector<std::uint8_t> producers::encode() const {
  std::vector<producer_id> order;
  for (const auto& [id, known] : all_)
    order.push_back(id);
  std::sort(order.begin(), order.end());

  std::vector<std::uint8_t> out(header_bytes);
  std::int32_t count = 0;
  for (const auto id : order) {
    const auto& known = all_.at(id);
    for (const auto& batch : known.batches().first(known.batches().empty() ? 0 : known.batches().size() - 1)) {
      put_entry(out, id, known, batch);
      ++count;
    }
    // The last entry is the one Kafka goes by, so it carries the producer's own time; a marker may be younger than
    // any batch.
    remembered_batch newest{no_sequence, no_sequence, no_offset, no_offset, known.last_timestamp_ms};
    if (!known.batches().empty())
      newest = known.batches().back();
    newest.timestamp_ms = known.last_timestamp_ms;
    put_entry(out, id, known, newest);
    ++count;
  }
  store_i16(out, 0, snapshot_version);
  store_i32(out, covered_from, count);
  store_i32(out, crc_at, static_cast<std::int32_t>(crc32c(bytes_view{out}.subspan(covered_from))));
  return out;
}

expected<producers> producers::decode(bytes_view content) {
  if (content.size() < header_bytes)
    return corrupt("it has only " + std::to_string(content.size()) + " bytes");
  if (const auto version = load_i16(content, 0); version != snapshot_version)
    return corrupt("its version is " + std::to_string(version) + ", not 1");
  if (static_cast<std::uint32_t>(load_i32(content, crc_at)) != crc32c(content.subspan(covered_from)))
    return corrupt("its CRC does not hold");
  const auto entries = content.subspan(header_bytes);
  const auto count = load_i32(content, covered_from);
  if (count < 0 || entries.size() != static_cast<std::size_t>(count) * field::size)
    return corrupt("it promises " + std::to_string(count) + " entries and has " + std::to_string(entries.size())
                   + " bytes");
  producers out;
  for (std::size_t at = 0; at < entries.size(); at += field::size) {
    const auto entry = entries.subspan(at, field::size);
    take_entry(entry, out.all_[producer_id{load_i64(entry, field::producer)}]);
  }
  for (const auto& [id, known] : out.all_)
    if (known.current_transaction_start != no_offset)
      out.open_.emplace(known.current_transaction_start, id);
  return out;
}

}  // namespace troupe::log
