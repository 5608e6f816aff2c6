#include "runtime/log/validation.hpp"

#include "runtime/base/bounds.hpp"
#include "runtime/log/errors.hpp"
#include "runtime/log/record.hpp"

#include <string>
#include <utility>

namespace troupe::log {

namespace {

constexpr auto off = std::chrono::milliseconds::max();

error invalid(std::string text) {
  return make_error(errc::invalid_record, std::move(text));
}

error too_large(std::size_t size, std::size_t limit) {
  return make_error(errc::batch_too_large, "the record batch has " + std::to_string(size) + " bytes, the topic takes "
                                               + std::to_string(limit) + " (max.message.bytes)");
}

expected<batch_view> only_batch(bytes_view records, std::size_t limit) {
  auto found = batch_view::parse(records);
  if (!found) {
    if (is_error(found.error(), errc::incomplete_batch))
      return make_error(errc::corrupt_batch, render(found.error()));
    return found.error();
  }
  if (found->size() != records.size())
    return invalid("a produce request holds exactly one record batch a partition, here "
                   + std::to_string(records.size() - found->size()) + " bytes follow the first one");
  if (found->size() > limit)
    return too_large(found->size(), limit);
  if (!found->check_crc())
    return make_error(errc::corrupt_batch, "the record batch's CRC is " + std::to_string(found->crc())
                                               + ", its bytes give " + std::to_string(found->computed_crc()));
  return *found;
}

error check_producer(const batch_view& batch) {
  if (!batch.has_producer()) {
    if (batch.is_transactional())
      return invalid("a transactional record batch needs a producer id");
    return {};
  }
  if (batch.producer() < producer_id{0} || batch.producer_epoch() < 0 || batch.base_sequence() < 0)
    return invalid("producer " + std::to_string(batch.producer().value) + " sent epoch "
                   + std::to_string(batch.producer_epoch()) + " and sequence " + std::to_string(batch.base_sequence())
                   + "; neither may be negative");
  return {};
}

error check_header(const batch_view& batch) {
  if (batch.base_offset() != offset{0})
    return invalid("a client's record batch starts at offset 0, not at " + std::to_string(batch.base_offset().value));
  if (batch.record_count() <= 0 || std::int64_t{batch.last_offset_delta()} + 1 != batch.record_count())
    return invalid("the record batch counts " + std::to_string(batch.record_count()) + " records but ends at offset "
                   + std::to_string(batch.last_offset_delta()));
  if (auto wrong = batch.check_header())
    return wrong;
  if (batch.is_control())
    return invalid("clients may not write control records");
  if (batch.time_type() == timestamp_type::log_append_time)
    return make_error(errc::invalid_timestamp, "a producer may not call its timestamps LogAppendTime");
  return check_producer(batch);
}

error check_time(std::int64_t timestamp_ms, const batch_rules& rules, wall_time now) {
  if (timestamp_ms == no_timestamp)
    return {};
  const auto too_old = rules.before_max != off && timestamp_ms < wrapping_sub(to_ms(now), rules.before_max.count());
  // Saturates: now + after_max beyond the end of time bounds nothing.
  const auto latest =
      std::int64_t{INT64_MAX} - rules.after_max.count() < to_ms(now) ? INT64_MAX : to_ms(now) + rules.after_max.count();
  const auto too_new = rules.after_max != off && timestamp_ms > latest;
  if (!too_old && !too_new)
    return {};
  return make_error(errc::invalid_timestamp, "timestamp " + std::to_string(timestamp_ms) + " ms is too far "
                                                 + (too_old ? "before" : "after") + " the broker's time "
                                                 + std::to_string(to_ms(now)) + " ms (message.timestamp."
                                                 + (too_old ? "before" : "after") + ".max.ms)");
}

// What a topic may hold against a single record.
error check_content(const record_view& record, std::int32_t index, std::int64_t base_ms, const batch_rules& rules,
                    wall_time now) {
  if (rules.keys_required && !record.key)
    return invalid("record " + std::to_string(index) + " of the batch has no key, and the topic is compacted");
  if (rules.time_type == timestamp_type::log_append_time)
    return {};
  return check_time(wrapping_add(base_ms, record.timestamp_delta), rules, now);
}

error check_record(const record_view& record, std::int32_t index, std::int64_t base_ms, const batch_rules& rules,
                   wall_time now) {
  if (record.offset_delta != index)
    return invalid("record " + std::to_string(index) + " of the batch has offset delta "
                   + std::to_string(record.offset_delta));
  return check_content(record, index, base_ms, rules, now);
}

error check_records(const batch_view& batch, const unpacked_records& plain, const batch_rules& rules, wall_time now) {
  record_run run{plain};
  for (std::int32_t index = 0;; ++index) {
    auto record = run.next();
    if (!record)
      return record.error();
    if (!*record)
      return {};
    if (auto wrong = check_record(**record, index, batch.base_timestamp_ms(), rules, now))
      return wrong;
  }
}

// The same records under another codec; a new slice.
expected<valid_batch> packed_anew(const batch_view& batch, const unpacked_records& plain, const batch_rules& rules) {
  auto packed = compress(*rules.compression, rules.levels, plain.bytes());
  if (!packed)
    return packed.error();
  const auto size = batch_header_bytes + packed->size();
  if (size > rules.batch_bytes_max)
    return too_large(size, rules.batch_bytes_max);
  auto records = byte_slice::adopt(std::move(*packed));
  valid_batch result{records, batch_header_patch{batch}, batch.max_timestamp_ms(), batch.last_offset_delta()};
  result.patch.replace_records(*rules.compression, records);
  return result;
}

}  // namespace

expected<valid_batch> validate_batch(const byte_slice& records, const batch_rules& rules, wall_time now) {
  auto batch = only_batch(records, rules.batch_bytes_max);
  if (!batch)
    return batch.error();
  if (auto wrong = check_header(*batch))
    return wrong;
  const bool stamps = rules.time_type == timestamp_type::log_append_time;
  if (!stamps)
    if (auto wrong = check_time(batch->max_timestamp_ms(), rules, now))
      return wrong;
  const bool repacks = rules.compression && *rules.compression != *batch->compression();
  const bool deep = rules.keys_required || repacks || (!stamps && rules.before_max != off);

  valid_batch result{records, batch_header_patch{*batch}, batch->max_timestamp_ms(), batch->last_offset_delta()};
  if (deep) {
    auto plain = unpacked_records::of(*batch, bounds::unpacked_batch_bytes_max);
    if (!plain)
      return plain.error();
    if (auto wrong = check_records(*batch, *plain, rules, now))
      return wrong;
    if (repacks) {
      auto other = packed_anew(*batch, *plain, rules);
      if (!other)
        return other.error();
      result = std::move(*other);
    }
  }
  if (stamps) {
    result.patch.stamp_append_time(now);
    result.max_timestamp_ms = to_ms(now);
  }
  return result;
}

std::vector<rejected_record> rejected_records(const byte_slice& records, const batch_rules& rules, wall_time now) {
  std::vector<rejected_record> result;
  auto batch = only_batch(records, rules.batch_bytes_max);
  if (!batch || check_header(*batch))
    return result;
  auto plain = unpacked_records::of(*batch, bounds::unpacked_batch_bytes_max);
  if (!plain)
    return result;
  record_run run{*plain};
  for (std::int32_t index = 0; result.size() < bounds::rejected_records_max; ++index) {
    auto record = run.next();
    if (!record || !*record)
      break;
    if (auto wrong = check_content(**record, index, batch->base_timestamp_ms(), rules, now))
      result.push_back({index, render(wrong)});
  }
  return result;
}

}  // namespace troupe::log
