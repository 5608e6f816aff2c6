#include "runtime/log/batch_filter.hpp"

#include "runtime/base/bounds.hpp"
#include "runtime/base/invariant.hpp"
#include "runtime/base/mutation.hpp"
#include "runtime/log/batch_builder.hpp"
#include "runtime/log/record.hpp"

#include <vector>

namespace troupe::log {

namespace {

using fate = filtered_batch::fate;

bool stays(const batch_view& batch, const record_view& record, transaction_role role, const filter_context& context,
           filtered_batch& result) {
  const auto at = offset{wrapping_add(batch.base_offset().value, record.offset_delta)};
  if (at >= context.collected_to)
    return true;
  if (role == transaction_role::aborted_data)
    return false;
  if (!record.key) {
    ++result.records_without_key;
    return false;
  }
  const auto latest = context.latest_by_key.find(*record.key);
  if (latest && at < *latest)
    return false;
  const auto horizon = batch.delete_horizon();
  if (mutation("M28"))
    return record.value.has_value();
  return record.value || !horizon || context.now < *horizon;
}

// The batch itself outlives its records where something is read from its header later: a producer's sequence, or how
// far the cleaned part reaches.
bool needed_empty(const batch_view& batch, const filter_context& context) {
  if (batch.next_offset() == context.collected_to)
    return true;
  const auto known = context.last_of_producer.find(batch.producer());
  return batch.has_producer() && known != context.last_of_producer.end() && known->second == batch.last_offset();
}

expected<filtered_batch> without_records(const batch_view& batch, const filter_context& context,
                                         filtered_batch result) {
  if (!needed_empty(batch, context)) {
    result.what = fate::dropped;
    return result;
  }
  if (batch.record_count() == 0)
    return result;
  batch_builder builder{batch_fields::like(batch)};
  builder.set_last_offset_delta(batch.last_offset_delta());
  builder.set_max_timestamp(batch.max_timestamp_ms());
  auto bytes = std::move(builder).finish();
  if (!bytes)
    return bytes.error();
  result.what = fate::rewritten;
  result.rewritten = std::move(*bytes);
  return result;
}

expected<filtered_batch> with_records(const batch_view& batch, const unpacked_records& plain,
                                      const std::vector<bool>& keep, std::optional<wall_time> new_horizon,
                                      filtered_batch result) {
  auto fields = batch_fields::like(batch);
  if (new_horizon)
    fields.delete_horizon = new_horizon;
  batch_builder builder{fields};
  if (!fields.delete_horizon)
    builder.set_base_timestamp(batch.base_timestamp_ms());
  builder.set_last_offset_delta(batch.last_offset_delta());
  if (batch.time_type() == timestamp_type::log_append_time)
    builder.set_max_timestamp(batch.max_timestamp_ms());
  record_run run{
      plain};  // a second time: remembering views of millions of tiny records would cost more than the records
  for (const bool kept : keep) {
    const auto record = run.next();
    TROUPE_INVARIANT(record && *record, "the same bytes were read before");
    if (kept)
      builder.add_from(**record, batch.base_timestamp_ms());
  }
  auto bytes = std::move(builder).finish();
  if (!bytes)
    return bytes.error();
  result.what = fate::rewritten;
  result.rewritten = std::move(*bytes);
  return result;
}

wall_time later(wall_time now, std::chrono::milliseconds by) {
  return by > wall_time::max() - now ? wall_time::max() : now + by;
}

filtered_batch unreadable() {
  filtered_batch result;
  result.unreadable = true;
  return result;
}

/// The clock of what is kept for a while starts when all older records that it speaks of have been looked for: not
/// beyond the collected part.
std::optional<wall_time> horizon_for(const batch_view& batch, const filter_context& context) {
  if (!context.sets_horizons || batch.delete_horizon() || batch.next_offset() > context.collected_to)
    return std::nullopt;
  return later(context.now, context.delete_retention);
}

expected<filtered_batch> filter_marker(const batch_view& batch, const filter_context& context) {
  auto plain = unpacked_records::of(batch, bounds::unpacked_batch_bytes_max);
  if (!plain)
    return unreadable();
  filtered_batch result;
  result.records_read = result.records_kept = static_cast<std::uint32_t>(batch.record_count());
  if (const auto horizon = batch.delete_horizon(); horizon && context.now >= *horizon) {
    result.records_kept = 0;
    return without_records(batch, context, std::move(result));
  }
  const auto new_horizon = horizon_for(batch, context);
  if (!new_horizon)
    return result;
  return with_records(batch, *plain, std::vector<bool>(result.records_kept, true), new_horizon, std::move(result));
}

}  // namespace

expected<filtered_batch> filter_batch(const batch_view& batch, transaction_role role, const filter_context& context) {
  if (batch.is_control() && batch.record_count() > 0)
    return role == transaction_role::idle_marker ? filter_marker(batch, context) : filtered_batch{};
  auto plain = unpacked_records::of(batch, bounds::unpacked_batch_bytes_max);
  if (!plain)
    return unreadable();
  filtered_batch result;
  std::vector<bool> keep;
  bool tombstones = false;
  std::int32_t last_delta = -1;
  record_run run{*plain};
  while (true) {
    auto record = run.next();
    if (!record
        || (*record && ((*record)->offset_delta <= last_delta || (*record)->offset_delta > batch.last_offset_delta())))
      return unreadable();
    if (!*record)
      break;
    last_delta = (*record)->offset_delta;
    ++result.records_read;
    keep.push_back(stays(batch, **record, role, context, result));
    result.records_kept += keep.back();
    tombstones = tombstones || (keep.back() && !(*record)->value);
  }
  if (result.records_kept == 0)
    return without_records(batch, context, std::move(result));
  const auto new_horizon = tombstones ? horizon_for(batch, context) : std::nullopt;
  if (result.records_kept == result.records_read && !new_horizon)
    return result;
  return with_records(batch, *plain, keep, new_horizon, std::move(result));
}

}  // namespace troupe::log
