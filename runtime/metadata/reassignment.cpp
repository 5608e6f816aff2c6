#include "runtime/metadata/reassignment.hpp"

#include "runtime/metadata/bounds.hpp"
#include "runtime/metadata/partition_change.hpp"
#include "runtime/metadata/record_builders.hpp"

#include <algorithm>
#include <set>

namespace troupe::metadata {

namespace {

using nodes = std::vector<node_id>;

std::string text_of(const partition_name& which) {
  return "partition " + std::to_string(which.index.value) + " of topic " + which.topic;
}

bool is_moving(const partition& p) {
  return !p.adding.empty() || !p.removing.empty();
}

error check_target(const image& on, const partition& now, const reassignment_command& wish) {
  const auto where = text_of(wish.which) + ": ";
  const auto& target = *wish.target;
  if (target.empty())
    return make_error(errc::invalid_replica_assignment, where + "no replicas are given");
  if (target.size() > bounds::replicas_max)
    return make_error(errc::invalid_replica_assignment, where + std::to_string(target.size()) + " replicas, at most "
                                                          + std::to_string(bounds::replicas_max) + " are possible");
  std::set<node_id> seen;
  for (auto id : target) {
    if (!on.find_broker(id))
      return make_error(errc::invalid_replica_assignment,
                        where + "broker " + std::to_string(id.value) + " is not registered");
    if (!seen.insert(id).second)
      return make_error(errc::invalid_replica_assignment,
                        where + "broker " + std::to_string(id.value) + " is named twice");
  }
  const auto factor = without(now.replicas, now.removing).size();
  if (!wish.factor_may_change && target.size() != factor)
    return make_error(errc::invalid_replication_factor, where + std::to_string(target.size()) + " replicas instead of "
                                                          + std::to_string(factor)
                                                          + ", but the replication factor is not to change");
  return {};
}

/// `now` on its way to `target`: replicas that an earlier reassignment was adding leave at once unless they stay
/// wanted.
partition towards(const partition& now, const nodes& target) {
  auto wanted = now;
  const auto original = without(now.replicas, now.adding);
  wanted.adding = without(target, original);
  wanted.removing = without(original, target);
  wanted.replicas = target;
  wanted.replicas.insert(wanted.replicas.end(), wanted.removing.begin(), wanted.removing.end());
  std::erase_if(wanted.in_sync, [&wanted](node_id id) { return !holds(wanted.replicas, id); });
  return wanted;
}

/// Those who surely have every committed record.
std::size_t keepers(const partition& p) {
  return p.in_sync.size() + without(p.eligible, p.in_sync).size();
}

/// Replicas that leave may be the only ones with every committed record, or the only ones that can lead; and one that
/// stays alone with what `min.insync.replicas` were promised to have is one disk away from losing it.
error check_kept(const reassignment_command& wish, const replication_settings& settings, const partition& before,
                 const partition& after) {
  if ((before.leader != no_node && after.leader == no_node) || (keepers(before) > 0 && keepers(after) == 0))
    return make_error(errc::invalid_replica_assignment,
                      text_of(wish.which)
                          + ": the replicas that would leave are the only ones with every committed record; "
                            "wait for others, or allow unclean leader elections");
  if (keepers(after) < std::min(keepers(before), min_in_sync(settings, after)))
    return make_error(errc::invalid_replica_assignment,
                      text_of(wish.which) + ": only " + std::to_string(keepers(after))
                          + " of the replicas that would stay have every committed record, fewer than "
                            "min.insync.replicas; wait for others, or lower min.insync.replicas");
  return {};
}

}  // namespace

expected<records> alter_reassignment(const image& on, const command_rules& rules, const reassignment_command& wish) {
  const auto owner = on.find_topic(wish.which.topic);
  if (!owner)
    return make_error(errc::unknown_topic, "topic " + wish.which.topic + " does not exist");
  const auto* before = owner->find(wish.which.index);
  if (!before)
    return make_error(errc::unknown_partition, text_of(wish.which) + " does not exist");
  if (wish.target) {
    if (auto refused = check_target(on, *before, wish))
      return refused;
  } else if (!is_moving(*before)) {
    return make_error(errc::no_reassignment_in_progress, text_of(wish.which) + " is not being reassigned");
  }
  const auto target = wish.target.value_or(without(before->replicas, before->adding));
  const auto settings = rules.replication(on, *owner);
  const auto after = settle(*before, towards(*before, target), {on, settings});
  if (auto refused = check_kept(wish, settings, *before, after))
    return refused;
  records out;
  if (after != *before)
    out.push_back(partition_change_record(owner->id, wish.which.index, *before, after));
  return out;
}

std::vector<ongoing_reassignment> list_reassignments(const image& on,
                                                     const std::optional<std::vector<partition_name>>& which) {
  std::vector<ongoing_reassignment> out;
  const auto add = [&out](const topic& t, partition_index index) {
    if (const auto* p = t.find(index); p && is_moving(*p))
      out.push_back({{t.name, index}, *p});
  };
  if (!which) {
    for (const auto& t : on.topics_by_name())
      for (std::int32_t i = 0; i < t->partition_count(); ++i)
        add(*t, partition_index{i});
    return out;
  }
  for (const auto& name : *which)
    if (const auto t = on.find_topic(name.topic))
      add(*t, name.index);
  return out;
}

}  // namespace troupe::metadata
