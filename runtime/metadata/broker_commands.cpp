#include "runtime/metadata/apply.hpp"
#include "runtime/metadata/bounds.hpp"
#include "runtime/metadata/commands.hpp"
#include "runtime/metadata/partition_changes.hpp"

#include <algorithm>
#include <limits>

namespace troupe::metadata {

namespace {

bool same_endpoints(const std::vector<broker_endpoint>& a, const std::vector<broker_endpoint>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const broker_endpoint& x, const broker_endpoint& y) {
    return x.listener == y.listener && x.host == y.host && x.port == y.port && x.protocol == y.protocol;
  });
}

std::string name_of(node_id id) {
  return "broker " + std::to_string(id.value);
}

error check_registration(const image& on, const register_broker_command& wish, const broker* before) {
  if (wish.id.value < 0)
    return make_error(errc::invalid_request, name_of(wish.id) + ": an id must not be negative");
  if (wish.incarnation.is_zero())
    return make_error(errc::invalid_request, name_of(wish.id) + ": no incarnation is given");
  if (wish.endpoints.size() > bounds::endpoints_max)
    return make_error(errc::policy_violation, name_of(wish.id) + ": " + std::to_string(wish.endpoints.size())
                                                  + " endpoints, at most " + std::to_string(bounds::endpoints_max)
                                                  + " are possible");
  if (!before && on.brokers().size() >= bounds::brokers_max)
    return make_error(errc::policy_violation, name_of(wish.id) + ": the cluster has as many brokers as it can have, "
                                                + std::to_string(bounds::brokers_max));
  if (before && before->incarnation != wish.incarnation && wish.previous_alive && !before->fenced)
    return make_error(
        errc::duplicate_broker_registration,
        name_of(wish.id) + " is registered by another process, which is alive; give this one its own node.id");
  return {};
}

/// A directory that two brokers claim is a copied disk: one of them would vouch for records that it does not have.
error check_directory(const image& on, const register_broker_command& wish) {
  for (const auto& [id, other] : on.brokers())
    if (id != wish.id && !wish.directory.is_zero() && other->directory == wish.directory)
      return make_error(errc::invalid_registration, name_of(wish.id) + ": its log directory is that of "
                                                      + name_of(id) + "; give it an empty one of its own");
  return {};
}

/// Amends the registration of a process that is registered already: its state and its epoch stay.
records amend(const broker& before, const register_broker_command& wish) {
  if (same_endpoints(before.endpoints, wish.endpoints) && before.rack == wish.rack)
    return {};
  auto b = before;
  b.endpoints = wish.endpoints;
  b.rack = wish.rack;
  records out{broker_record(b)};
  if (b.shutting_down)
    out.push_back(broker_change_record(b.id, b.epoch, b.fenced, true));
  return out;
}

/// What a new process of a broker means for the partitions that depend on it.
error leave_partitions(const image& on, const command_rules& rules, const broker* before, const broker& now,
                       records& out) {
  const auto after = foresee(on, out);
  if (!after)
    return after.error();
  const bool disk_gone = before && !before->directory.is_zero() && before->directory != now.directory;
  change_partitions(
      **after, rules, [&now](const partition& p) { return depends_on(p, now.id); },
      [&](const partition&, partition& wanted, change_rules& by) {
        std::erase(wanted.in_sync, now.id);
        by.disk_gone = disk_gone;
        if (disk_gone || (!now.clean_stop && !by.settings.synced))
          by.lost = now.id;
      },
      out);
  return {};
}

}  // namespace

error check_broker_epoch(const image& on, node_id id, std::int64_t epoch) {
  const auto registered = on.find_broker(id);
  if (!registered)
    return make_error(errc::broker_id_not_registered, name_of(id) + " is not registered");
  if (epoch >= 0 && registered->epoch != epoch)
    return make_error(errc::stale_broker_epoch, name_of(id) + " is registered with epoch "
                                                    + std::to_string(registered->epoch) + ", not "
                                                    + std::to_string(epoch));
  return {};
}

expected<registered_broker> register_broker(const image& on, const command_rules& rules,
                                            const register_broker_command& wish) {
  const auto before = on.find_broker(wish.id);
  if (auto refused = check_registration(on, wish, before.get()))
    return refused;
  if (before && before->incarnation == wish.incarnation)
    return registered_broker{before->epoch, amend(*before, wish)};
  if (auto refused = check_directory(on, wish))
    return refused;
  broker b;
  b.id = wish.id;
  b.incarnation = wish.incarnation;
  // The index of the entry to come, as far as it is known; above all never one that this id had before.
  b.epoch = std::max(on.applied_index() + 1, before ? before->epoch + 1 : 0);
  b.endpoints = wish.endpoints;
  b.rack = wish.rack;
  b.fenced = wish.fenced;
  b.directory = wish.directory;
  b.clean_stop = before && wish.clean_epoch == before->epoch;
  registered_broker out{b.epoch, {broker_record(b)}};
  if (wish.fenced)
    if (auto failed = leave_partitions(on, rules, before.get(), b, out.records))
      return failed;
  return out;
}

expected<producer_ids> grant_producer_ids(const image& on, node_id to, std::int64_t broker_epoch) {
  if (auto refused = check_broker_epoch(on, to, broker_epoch))
    return refused;
  const auto first = on.next_producer_id();
  if (first > std::numeric_limits<std::int64_t>::max() - bounds::producer_id_block)
    return make_error(errc::producer_ids_exhausted, "all producer ids of this cluster are given out");
  const auto next = first + bounds::producer_id_block;
  return producer_ids{
      producer_id{first}, bounds::producer_id_block, {producer_ids_record(next, to, on.find_broker(to)->epoch)}};
}

}  // namespace troupe::metadata
