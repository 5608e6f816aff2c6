#include "runtime/metadata/broker_states.hpp"

#include "runtime/base/mutation.hpp"
#include "runtime/metadata/apply.hpp"
#include "runtime/metadata/partition_changes.hpp"

#include <algorithm>

namespace troupe::metadata {

namespace {

/// The image in which only the brokers' states have changed.
expected<std::shared_ptr<const image>> with_state(const image& on, const broker& now, bool fenced, bool shutting_down,
                                                  records& out) {
  out.push_back(broker_change_record(now.id, now.epoch, fenced, shutting_down));
  return foresee(on, out);
}

std::int32_t count_led(const image& on, node_id id) {
  std::int32_t out = 0;
  for (const auto& t : on.topics_by_name())
    for (const auto& p : t->partitions)
      out += p.leader == id;
  return out;
}

void hand_over(const image& after, const command_rules& rules, node_id from, records& out) {
  change_partitions(
      after, rules, [from](const partition& p) { return holds(p.in_sync, from); },
      [&](const partition&, partition& wanted, change_rules&) {
        const auto others = without(wanted.in_sync, {from});
        if (std::any_of(others.begin(), others.end(), [&](node_id id) { return can_lead(after, id); }))
          wanted.in_sync = others;
      },
      out);
}

}  // namespace

expected<records> fence_broker(const image& on, const command_rules& rules, node_id id, std::int64_t epoch) {
  if (auto refused = check_broker_epoch(on, id, epoch))
    return refused;
  const auto now = on.find_broker(id);
  records out;
  if (now->fenced)
    return out;
  const auto after = with_state(on, *now, true, now->shutting_down, out);
  if (!after)
    return after.error();
  change_partitions(
      **after, rules, [id](const partition& p) { return p.leader == id || holds(p.in_sync, id); },
      [id](const partition&, partition& wanted, change_rules&) {
        if (!mutation("M10"))
          std::erase(wanted.in_sync, id);
      },
      out);
  return out;
}

expected<records> unfence_broker(const image& on, const command_rules& rules, node_id id, std::int64_t epoch) {
  if (auto refused = check_broker_epoch(on, id, epoch))
    return refused;
  const auto now = on.find_broker(id);
  records out;
  if (!now->fenced)
    return out;
  const auto after = with_state(on, *now, false, now->shutting_down, out);
  if (!after)
    return after.error();
  change_partitions(
      **after, rules, [id](const partition& p) { return p.leader == no_node && holds(p.replicas, id); },
      [](const partition&, partition&, change_rules&) {}, out);
  return out;
}

expected<shutdown_progress> begin_shutdown(const image& on, const command_rules& rules, node_id id,
                                           std::int64_t epoch) {
  if (auto refused = check_broker_epoch(on, id, epoch))
    return refused;
  const auto now = on.find_broker(id);
  shutdown_progress out{0, on.applied_index(), {}};
  if (now->fenced)
    return out;
  auto after = now->shutting_down ? foresee(on, {}) : with_state(on, *now, false, true, out.records);
  if (!after)
    return after.error();
  records changes;
  hand_over(**after, rules, id, changes);
  const auto at_last = foresee(**after, changes);
  if (!at_last)
    return at_last.error();
  out.leads = count_led(**at_last, id);
  out.records.insert(out.records.end(), changes.begin(), changes.end());
  if (!out.records.empty())
    ++out.stop_after;  // the entry to come
  return out;
}

expected<records> unregister_broker(const image& on, const command_rules& rules, node_id id) {
  if (auto refused = check_broker_epoch(on, id, -1))
    return refused;
  records out{broker_removed_record(id, on.find_broker(id)->epoch)};
  const auto after = foresee(on, out);
  if (!after)
    return after.error();
  change_partitions(
      **after, rules, [id](const partition& p) { return depends_on(p, id); },
      [id](const partition&, partition&, change_rules& by) {
        by.lost = id;
        by.disk_gone = true;
      },
      out);
  return out;
}

}  // namespace troupe::metadata
