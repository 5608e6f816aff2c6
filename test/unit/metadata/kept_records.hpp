#pragma once

#include "runtime/metadata/partition_change.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string>

namespace troupe::metadata::test {

/// The truth that the controller's decisions are measured by: how many records of one partition are committed, and how
/// many of these each broker has on its disk.
struct kept_records {
  std::int64_t committed = 0;
  std::map<node_id, std::int64_t> of;

  bool has_all(node_id id) const {
    const auto found = of.find(id);
    return committed == 0 || (found != of.end() && found->second >= committed);
  }

  /// A record is committed: all of `who` have it.
  void write(const std::set<node_id>& who) {
    ++committed;
    for (auto id : who)
      of[id] = committed;
  }

  /// What its new leader does not have is lost to all.
  void cut_to(node_id leader) {
    committed = of[leader];
    for (auto& [id, count] : of)
      count = std::min(count, committed);
  }
};

/// What a change of a partition does to its records, and why it must not; empty when it may. `may_lose`: a leader that
/// misses records was asked for or is allowed.
inline std::string follow(kept_records& kept, const partition& before, const partition& after, bool may_lose) {
  const bool unclean = after.leader != no_node && after.leader != before.leader && !holds(before.in_sync, after.leader)
                       && !holds(before.eligible, after.leader) && after.recovering;
  if (unclean) {
    if (!may_lose && before.last_known != std::vector{after.leader})
      return "a leader that may miss records, which nobody has asked for";
    if (after.in_sync != std::vector{after.leader} || !after.eligible.empty())
      return "an unclean leader that keeps others in ISR or ELR";
    kept.cut_to(after.leader);
  }
  for (const auto* members : {&after.in_sync, &after.eligible})
    for (auto id : *members)
      if (!kept.has_all(id))
        return "broker " + std::to_string(id.value) + " is in ISR or ELR and misses committed records";
  return {};
}

/// Why `after` cannot follow `before`; empty when it can.
inline std::string check_epochs(const partition& before, const partition& after) {
  if (after.epoch < before.epoch || after.partition_epoch < before.partition_epoch)
    return "an epoch goes back";
  if (after.leader != before.leader && after.epoch == before.epoch)
    return "two leaders in one epoch";
  if (after != before && after.partition_epoch == before.partition_epoch)
    return "two states of one partition epoch";
  return {};
}

}  // namespace troupe::metadata::test
