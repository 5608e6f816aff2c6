#pragma once

#include "runtime/metadata/commands.hpp"
#include "runtime/metadata/partition_change.hpp"
#include "runtime/metadata/record_builders.hpp"

#include <optional>

namespace troupe::metadata {

/// Adds the records that settle those partitions of `t` for which `concerns(partition)` holds, after `wish(before,
/// wanted, by)` has put its wishes into `wanted` and `by`. `after` is the image with the states that brokers have after
/// the change.
template <class Concerns, class Wish>
void change_topic(const image& after, const command_rules& rules, const topic& t, Concerns concerns, Wish wish,
                  records& out) {
  std::optional<replication_settings> settings;
  for (std::int32_t i = 0; i < t.partition_count(); ++i) {
    const auto& before = t.partitions[static_cast<std::size_t>(i)];
    if (!concerns(before))
      continue;
    if (!settings)
      settings = rules.replication(after, t);
    change_rules by{after, *settings};
    auto wanted = before;
    wish(before, wanted, by);
    const auto now = settle(before, std::move(wanted), by);
    if (now != before)
      out.push_back(partition_change_record(t.id, partition_index{i}, before, now));
  }
}

/// `change_topic` for all topics.
template <class Concerns, class Wish>
void change_partitions(const image& after, const command_rules& rules, Concerns concerns, Wish wish, records& out) {
  for (const auto& t : after.topics_by_name())
    change_topic(after, rules, *t, concerns, wish, out);
}

/// True when the partition depends on that broker: it leads it, or is one of those that may.
inline bool depends_on(const partition& p, node_id id) {
  return p.leader == id || holds(p.in_sync, id) || holds(p.eligible, id) || holds(p.last_known, id);
}

}  // namespace troupe::metadata
