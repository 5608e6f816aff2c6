#include "runtime/log/options.hpp"

#include <algorithm>

namespace troupe::log {

batch_rules options::rules_for_batches() const {
  batch_rules rules;
  rules.batch_bytes_max = static_cast<std::size_t>(std::max(0, max_message_bytes));
  rules.time_type = message_timestamp_type;
  rules.before_max = timestamp_before_max;
  rules.after_max = timestamp_after_max;
  rules.compression = compression;
  rules.levels = levels;
  rules.keys_required = cleanup_compact;
  return rules;
}

compaction_rules options::rules_for_compaction() const {
  compaction_rules rules;
  rules.min_cleanable_ratio = min_cleanable_dirty_ratio;
  rules.min_lag = min_compaction_lag;
  rules.max_lag = max_compaction_lag;
  rules.delete_retention = delete_retention;
  rules.segment_bytes_max = static_cast<std::uint64_t>(segment_bytes);
  rules.index_bytes_max = static_cast<std::uint64_t>(segment_index_bytes);
  rules.index_interval_bytes = static_cast<std::uint32_t>(index_interval_bytes);
  return rules;
}

std::size_t options::index_entries_max(std::size_t entry_bytes) const {
  return static_cast<std::size_t>(std::max(0, segment_index_bytes)) / entry_bytes;
}

}  // namespace troupe::log
