#include "runtime/metadata/alter_partition.hpp"

#include "runtime/base/mutation.hpp"
#include "runtime/metadata/partition_change.hpp"
#include "runtime/metadata/record_builders.hpp"

#include <algorithm>
#include <set>
#include <string>

namespace troupe::metadata {

namespace {

std::string name_of(const topic& of, partition_index index) {
  return "partition " + std::to_string(index.value) + " of topic " + of.name;
}

std::string name_of(node_id id) {
  return "broker " + std::to_string(id.value);
}

error check_epochs(const std::string& where, const partition& now, const alter_partition_command& wish) {
  if (wish.epoch > now.epoch || wish.partition_epoch > now.partition_epoch)
    return make_error(errc::not_controller, where + ": leader epoch " + std::to_string(wish.epoch.value)
                                              + " and partition epoch " + std::to_string(wish.partition_epoch)
                                              + " are later than what this controller knows; find the active one");
  if (wish.epoch < now.epoch)
    return make_error(errc::fenced_leader_epoch, where + ": leader epoch " + std::to_string(wish.epoch.value)
                                                   + " has ended, epoch " + std::to_string(now.epoch.value)
                                                   + " has begun");
  if (wish.leader != now.leader)
    return make_error(errc::invalid_request, where + ": " + name_of(wish.leader) + " does not lead it");
  if (wish.partition_epoch < now.partition_epoch)
    return make_error(errc::invalid_update_version, where + ": partition epoch " + std::to_string(wish.partition_epoch)
                                                      + " is not the newest, "
                                                      + std::to_string(now.partition_epoch)
                                                      + "; ask again when it has arrived");
  return {};
}

error check_in_sync(const std::string& where, const partition& now, const alter_partition_command& wish) {
  std::set<node_id> seen;
  for (const auto& member : wish.in_sync) {
    if (!holds(now.replicas, member.id))
      return make_error(errc::invalid_request, where + ": " + name_of(member.id) + " is none of its replicas");
    if (!seen.insert(member.id).second)
      return make_error(errc::invalid_request, where + ": " + name_of(member.id) + " is named twice in the ISR");
  }
  if (!seen.contains(wish.leader))
    return make_error(errc::invalid_request, where + ": an ISR without the leader itself");
  if (wish.recovering && wish.in_sync.size() > 1)
    return make_error(errc::invalid_request, where + ": while its leader recovers, nobody else can be in sync");
  if (wish.recovering && !now.recovering)
    return make_error(errc::invalid_request, where + ": its leader has recovered and cannot begin again");
  return {};
}

/// KIP-841, KIP-903. A leader that is shutting down stays in its own ISR until another can lead.
error check_eligible(const image& on, const std::string& where, const alter_partition_command& wish) {
  const auto refuse = [&where](node_id id, const std::string& why) {
    return make_error(errc::ineligible_replica, where + ": " + name_of(id) + " " + why);
  };
  for (const auto& member : wish.in_sync) {
    const auto holder = on.find_broker(member.id);
    if (!holder)
      return refuse(member.id, "is not registered");
    if (holder->fenced && !mutation("M10"))
      return refuse(member.id, "is fenced");
    if (holder->shutting_down && member.id != wish.leader)
      return refuse(member.id, "is shutting down");
    if (holder->epoch != member.broker_epoch && !mutation("M09"))
      return refuse(member.id, "is registered with epoch " + std::to_string(holder->epoch) + ", not "
                                 + std::to_string(member.broker_epoch));
  }
  return {};
}

altered_partition resign(const image& on, const command_rules& rules, const topic& owner, const partition& before,
                         const alter_partition_command& wish) {
  const auto could = [&](node_id id) { return id != wish.leader && can_lead(on, id); };
  if (std::none_of(before.in_sync.begin(), before.in_sync.end(), could))
    return {before, false, {}};
  change_rules by{on, rules.replication(on, owner)};
  by.lost = wish.leader;
  altered_partition out{settle(before, before, by), true, {}};
  out.records.push_back(partition_change_record(owner.id, wish.which.index, before, out.now));
  return out;
}

}  // namespace

expected<altered_partition> alter_partition(const image& on, const command_rules& rules,
                                            const alter_partition_command& wish) {
  if (wish.broker_epoch < 0)
    return make_error(errc::stale_broker_epoch, name_of(wish.leader) + " gives no epoch of its registration");
  if (auto refused = check_broker_epoch(on, wish.leader, wish.broker_epoch))
    return refused;
  const auto owner = on.find_topic(wish.which.topic);
  if (!owner)
    return make_error(errc::unknown_topic_id, "no topic has the id " + to_string(wish.which.topic));
  const auto where = name_of(*owner, wish.which.index);
  const auto* before = owner->find(wish.which.index);
  if (!before)
    return make_error(errc::unknown_partition, where + " does not exist");
  if (auto refused = check_epochs(where, *before, wish))
    return refused;
  if (wish.resigns)
    return resign(on, rules, *owner, *before, wish);
  if (auto refused = check_in_sync(where, *before, wish))
    return refused;
  if (auto refused = check_eligible(on, where, wish))
    return refused;
  auto wanted = *before;
  wanted.in_sync.clear();
  for (const auto& member : wish.in_sync)
    wanted.in_sync.push_back(member.id);
  wanted.recovering = wish.recovering;
  altered_partition out{settle(*before, std::move(wanted), {on, rules.replication(on, *owner)}), false, {}};
  out.leader_moved = out.now.leader != wish.leader;
  if (out.now != *before)
    out.records.push_back(partition_change_record(owner->id, wish.which.index, *before, out.now));
  return out;
}

}  // namespace troupe::metadata
