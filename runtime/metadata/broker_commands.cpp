#include "runtime/metadata/bounds.hpp"
#include "runtime/metadata/commands.hpp"
#include "runtime/metadata/record_builders.hpp"

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

error check_epoch(const image& on, node_id id, std::int64_t epoch) {
  const auto registered = on.find_broker(id);
  if (!registered)
    return make_error(errc::broker_id_not_registered, name_of(id) + " is not registered");
  if (registered->epoch != epoch)
    return make_error(errc::stale_broker_epoch, name_of(id) + " is registered with epoch "
                                                    + std::to_string(registered->epoch) + ", not "
                                                    + std::to_string(epoch));
  return {};
}

}  // namespace

expected<registered_broker> register_broker(const image& on, const register_broker_command& wish) {
  const auto before = on.find_broker(wish.id);
  if (auto refused = check_registration(on, wish, before.get()))
    return refused;
  const bool repeated = before && before->incarnation == wish.incarnation;
  if (repeated && same_endpoints(before->endpoints, wish.endpoints) && before->rack == wish.rack)
    return registered_broker{before->epoch, {}};
  broker b;
  b.id = wish.id;
  b.incarnation = wish.incarnation;
  // The index of the entry to come, as far as it is known; above all never one that this id had before.
  b.epoch = std::max(on.applied_index() + 1, before ? before->epoch + 1 : 0);
  b.endpoints = wish.endpoints;
  b.rack = wish.rack;
  b.fenced = wish.fenced;
  return registered_broker{b.epoch, {broker_record(b)}};
}

expected<records> change_broker(const image& on, node_id id, std::int64_t epoch, bool fenced, bool shutting_down) {
  if (auto refused = check_epoch(on, id, epoch))
    return refused;
  const auto now = on.find_broker(id);
  if (now->fenced == fenced && now->shutting_down == shutting_down)
    return records{};
  return records{broker_change_record(id, epoch, fenced, shutting_down)};
}

expected<producer_ids> grant_producer_ids(const image& on, node_id to, std::int64_t broker_epoch) {
  const auto registered = on.find_broker(to);
  if (!registered)
    return make_error(errc::broker_id_not_registered, name_of(to) + " is not registered");
  if (broker_epoch >= 0)
    if (auto refused = check_epoch(on, to, broker_epoch))
      return refused;
  const auto first = on.next_producer_id();
  if (first > std::numeric_limits<std::int64_t>::max() - bounds::producer_id_block)
    return make_error(errc::producer_ids_exhausted, "all producer ids of this cluster are given out");
  const auto next = first + bounds::producer_id_block;
  return producer_ids{
      producer_id{first}, bounds::producer_id_block, {producer_ids_record(next, to, registered->epoch)}};
}

}  // namespace troupe::metadata
