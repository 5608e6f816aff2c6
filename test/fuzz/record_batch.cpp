#include "runtime/log/batch_builder.hpp"
#include "runtime/log/batch_filter.hpp"
#include "runtime/log/record.hpp"
#include "runtime/log/validation.hpp"

#include <algorithm>
#include <cstdlib>
#include <vector>

using namespace troupe;
using namespace troupe::log;

namespace {

constexpr std::size_t unpacked_max = 1 << 20;

void demand(bool held) {
  if (!held)
    std::abort();
}

// Length, magic and CRC are made to fit, or hardly any input would come further than to them.
std::vector<std::uint8_t> mended(bytes_view input) {
  std::vector<std::uint8_t> bytes{input.begin(), input.end()};
  const auto put = [&](std::size_t at, std::uint32_t value) {
    for (std::size_t i = 0; i < 4; ++i)
      bytes[at + i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
  };
  put(batch_field::length, static_cast<std::uint32_t>(bytes.size() - batch_prefix_bytes));
  bytes[batch_field::magic] = static_cast<std::uint8_t>(batch_magic);
  put(batch_field::crc, crc32c(bytes_view{bytes}.subspan(batch_field::attributes)));
  return bytes;
}

// Each record read is read again the same from a batch built of all; false when the batch cannot be read.
bool rebuild(const batch_view& batch) {
  const auto plain = unpacked_records::of(batch, unpacked_max);
  if (!plain)
    return false;
  auto fields = batch_fields::like(batch);
  batch_builder builder{fields};
  if (!fields.delete_horizon)
    builder.set_base_timestamp(batch.base_timestamp_ms());
  std::vector<std::vector<std::uint8_t>> seen;
  std::int32_t last = -1;
  record_run run{*plain};
  auto record = run.next();
  for (; record && *record && (*record)->offset_delta > last; record = run.next()) {
    last = (*record)->offset_delta;
    demand((*record)->headers().size() == static_cast<std::size_t>((*record)->header_count));
    seen.emplace_back((*record)->encoded.begin(), (*record)->encoded.end());
    builder.add_from(**record, batch.base_timestamp_ms());
  }
  const bool whole = record && !*record;
  auto built = std::move(builder).finish();
  demand(static_cast<bool>(built));
  const auto again = batch_view::parse(*built);
  demand(again && again->check_crc());
  const auto plain_again = unpacked_records::of(*again, 4 * unpacked_max);
  demand(static_cast<bool>(plain_again));
  record_run run_again{*plain_again};
  for (const auto& bytes : seen) {
    const auto same = run_again.next();
    demand(same && *same && std::ranges::equal((*same)->encoded, bytes));
  }
  return whole;
}

void validate(const batch_view& batch, std::uint8_t choice) {
  batch_rules rules;
  rules.keys_required = choice & 1;
  rules.time_type = choice & 2 ? timestamp_type::log_append_time : timestamp_type::create_time;
  rules.after_max = std::chrono::milliseconds::max();
  if (choice & 4)
    rules.compression = static_cast<codec>(choice >> 3 & 3);
  const auto valid = validate_batch(byte_slice::copy_of(batch.bytes()), rules, from_ms(1'700'000'000'000));
  if (!valid)
    return;
  const auto joined = valid->patch.joined();
  const auto result = batch_view::parse(joined);
  demand(result && result->check_crc() && !result->check_header() && result->size() == valid->size());
}

void filter(const batch_view& batch, std::uint8_t choice) {
  offset_map keys{0};
  keys.put(as_bytes("key-1"), batch.base_offset());
  filter_context context{keys, {}, {}, from_ms(1'700'000'000'000), std::chrono::milliseconds{5}};
  context.collected_to = choice & 32 ? batch.next_offset() : offset{wrapping_add(batch.base_offset().value, 3)};
  if (choice & 64)
    context.last_of_producer[batch.producer()] = batch.last_offset();
  const auto result = filter_batch(batch, troupe::log::transaction_role::none, context);
  demand(static_cast<bool>(result));
  if (result->what != filtered_batch::fate::rewritten)
    return;
  const auto rewritten = batch_view::parse(result->rewritten);
  demand(rewritten && rewritten->check_crc() && !rewritten->check_header());
  demand(rewritten->base_offset() == batch.base_offset() && rewritten->last_offset() == batch.last_offset());
  demand(rewritten->record_count() == static_cast<std::int32_t>(result->records_kept));
}

}  // namespace

/// The input is one byte of choices and a record batch, as a client may send it and as compaction may find it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0)
    return 0;
  const bytes_view input{data + 1, size - 1};
  batch_run run{input};
  for (auto next = run.next(); next && *next; next = run.next())
    if (!(*next)->check_header())
      demand((*next)->next_offset() > (*next)->base_offset());
  if (input.size() < batch_header_bytes)
    return 0;
  const auto bytes = mended(input);
  const auto batch = batch_view::parse(bytes);
  demand(batch && batch->check_crc());
  // What does not unpack within our small limit would only be tried again with the product's large one.
  if (!batch->check_header() && rebuild(*batch)) {
    validate(*batch, data[0]);
    filter(*batch, data[0]);
  }
  return 0;
}
