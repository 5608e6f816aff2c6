#include "actors/partition_appended.hpp"

#include "runtime/log/errors.hpp"
#include "runtime/log/validation.hpp"

namespace troupe {

wire<schema::PartitionAppended> appended(const log::append_result& done) {
  wire_builder<schema::PartitionAppended> b;
  b->setBaseOffset(done.base.value);
  b->setLogAppendTimeMs(done.log_append_time_ms);
  b->setLogStartOffset(done.log_start.value);
  return std::move(b).freeze();
}

std::optional<wire<schema::PartitionAppended>> refusal_of(const error& why, const byte_slice& batch,
                                                          const log::options& how, wall_time now) {
  const bool timestamps = log::is_error(why, log::errc::invalid_timestamp);
  if (!timestamps && !log::is_error(why, log::errc::invalid_record))
    return std::nullopt;
  const auto blamed = log::rejected_records(batch, how.rules_for_batches(), now);
  if (blamed.empty())
    return std::nullopt;
  wire_builder<schema::PartitionAppended> b;
  b->setBaseOffset(-1);
  auto refusal = b->initRefusal();
  refusal.setTimestamps(timestamps);
  auto records = refusal.initRecords(static_cast<unsigned>(blamed.size()));
  for (unsigned i = 0; i < blamed.size(); ++i) {
    records[i].setIndex(blamed[i].index);
    records[i].setReason(blamed[i].why);
  }
  return std::move(b).freeze();
}

}  // namespace troupe
