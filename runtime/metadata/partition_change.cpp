#include "runtime/metadata/partition_change.hpp"

#include "runtime/base/mutation.hpp"
#include "runtime/base/sites.hpp"

#include <algorithm>

namespace troupe::metadata {

namespace {

using nodes = std::vector<node_id>;

/// A winner, and whether records may be lost with it.
struct elected {
  node_id leader = no_node;
  bool unclean = false;
};

bool is_alive(const image& on, node_id id) {
  const auto found = on.find_broker(id);
  return found && !found->fenced;
}

/// The first of `replicas` for which `fits` holds.
template <class Fits>
node_id first_of(const nodes& replicas, Fits fits) {
  const auto found = std::find_if(replicas.begin(), replicas.end(), fits);
  return found == replicas.end() ? no_node : *found;
}

/// Not while the leader recovers from an unclean election: those who leave may have what it misses.
void complete_reassignment(partition& p) {
  if ((p.adding.empty() && p.removing.empty()) || p.recovering)
    return;
  auto target = without(p.replicas, p.removing);
  const auto in_sync = [&p](node_id id) { return holds(p.in_sync, id); };
  if (target.empty() || !std::all_of(target.begin(), target.end(), in_sync))
    return;
  p.in_sync = without(p.in_sync, p.removing);
  p.replicas = std::move(target);
  p.adding.clear();
  p.removing.clear();
}

/// The maximal ELR: whoever was in the ISR or the ELR and has missed nothing that was committed since.
nodes eligible_after(const partition& before, const partition& p, const change_rules& by) {
  nodes out;
  if (p.in_sync.size() >= min_in_sync(by.settings, p))
    return out;
  for (auto id : p.replicas)
    if (!holds(p.in_sync, id) && (id != by.lost || mutation("M11"))
        && (holds(before.in_sync, id) || holds(before.eligible, id)))
      out.push_back(id);
  return out;
}

elected elect(const partition& p, const change_rules& by) {
  const auto fits = [&](node_id id) {
    return (holds(p.in_sync, id) || (p.in_sync.empty() && holds(p.eligible, id))) && can_lead(by.brokers, id);
  };
  const auto preferred = p.replicas.front();
  if (by.how == election::preferred && fits(preferred))
    return {preferred};
  if (p.leader != no_node && fits(p.leader))
    return {p.leader};
  if (const auto next = first_of(p.replicas, fits); next != no_node)
    return {next};
  // Better led by a broker that is shutting down than by none.
  const auto leaving = [&](node_id id) { return holds(p.in_sync, id) && is_alive(by.brokers, id); };
  if (p.leader != no_node && leaving(p.leader))
    return {p.leader};
  if (const auto next = first_of(p.replicas, leaving); next != no_node)
    return {next};
  if (p.in_sync.empty() && p.eligible.empty() && p.last_known.size() == 1 && can_lead(by.brokers, p.last_known[0]))
    return {p.last_known[0], true};
  const bool may_be_unclean =
      mutation("M12") || by.how == election::unclean || (by.how == election::online && by.settings.unclean_election);
  if (may_be_unclean)
    if (const auto any = first_of(p.replicas, [&](node_id id) { return can_lead(by.brokers, id); }); any != no_node)
      return {any, true};
  return {};
}

void install(const elected& winner, partition& p) {
  p.leader = winner.leader;
  if (winner.leader == no_node || holds(p.in_sync, winner.leader))
    return;
  probe("leader elected from the eligible replicas");
  p.in_sync = {winner.leader};
  if (winner.unclean) {
    p.eligible.clear();
    p.recovering = true;
  }
  std::erase(p.eligible, winner.leader);
}

/// The last leader, from when the ISR became empty until there is a leader again. Where that one's disk is gone, the
/// member whose loss left nobody with every committed record.
nodes last_known_after(const partition& before, const partition& p, const change_rules& by) {
  if (p.leader != no_node)
    return {};
  const bool became_empty = p.in_sync.empty() && !before.in_sync.empty() && before.leader != no_node;
  auto out = became_empty ? nodes{before.leader} : before.last_known;
  std::erase_if(out, [&](node_id id) { return !holds(p.replicas, id) || (by.disk_gone && id == by.lost); });
  const bool was_member = holds(before.in_sync, by.lost) || holds(before.eligible, by.lost);
  if (out.empty() && p.in_sync.empty() && p.eligible.empty() && was_member && !by.disk_gone)
    out.push_back(by.lost);
  return out;
}

}  // namespace

partition settle(const partition& before, partition wanted, const change_rules& by) {
  auto& p = wanted;
  if (!mutation("M11"))
    std::erase(p.in_sync, by.lost);
  complete_reassignment(p);
  std::erase_if(p.in_sync, [&p](node_id id) { return !holds(p.replicas, id); });
  p.eligible = eligible_after(before, p, by);
  std::erase_if(p.last_known, [&](node_id id) { return !holds(p.replicas, id) || (by.disk_gone && id == by.lost); });
  install(elect(p, by), p);
  complete_reassignment(p);  // when a leader from the ELR is the whole target
  std::erase_if(p.eligible, [&p](node_id id) { return !holds(p.replicas, id); });
  if (p.in_sync.size() >= min_in_sync(by.settings, p))
    p.eligible.clear();
  p.last_known = last_known_after(before, p, by);
  const bool replicas_left = !without(before.replicas, p.replicas).empty();
  p.epoch = before.epoch;
  if (p.leader != before.leader || replicas_left)
    p.epoch = leader_epoch{before.epoch.value + 1};
  p.partition_epoch = before.partition_epoch;
  if (p != before)
    ++p.partition_epoch;
  return wanted;
}

bool holds(const std::vector<node_id>& all, node_id id) {
  return std::find(all.begin(), all.end(), id) != all.end();
}

std::vector<node_id> without(const std::vector<node_id>& all, const std::vector<node_id>& gone) {
  nodes out;
  for (auto id : all)
    if (!holds(gone, id))
      out.push_back(id);
  return out;
}

}  // namespace troupe::metadata
