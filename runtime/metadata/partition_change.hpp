#pragma once

#include "runtime/metadata/image.hpp"
#include "runtime/metadata/replication_rules.hpp"

#include <cstdint>

namespace troupe::metadata {

/// Which leader a change looks for when the one at hand is not to stay.
enum class election : std::uint8_t {
  online,     ///< keep the leader while it can lead, else any replica with every committed record
  preferred,  ///< the first replica, if it has every committed record
  unclean     ///< as `online`, else any replica that is alive, at the price of records
};

/// What one change of a partition is worked out by.
struct change_rules {
  const image& brokers;        ///< their states as they are after the change; borrowed
  replication_settings settings;
  election how = election::online;
  node_id lost = no_node;      ///< a broker that may miss committed records: it stays neither in the ISR nor in the ELR
  bool disk_gone = false;      ///< `lost` has none of its records left: it is no last known member either
};

/// The one place where leaders are chosen and the ELR is kept (KIP-966, KIP-455). `wanted` is `before` with the wishes
/// put in: ISR, replicas, adding, removing, recovering. The rest follows:
///   - a reassignment whose target replicas are all in sync is completed, unless the leader is recovering;
///   - who leaves the ISR goes to the ELR while the ISR is smaller than `min_in_sync`; otherwise the ELR is empty;
///   - a leader that cannot stay is followed by a member of the ISR, else of the ELR, else by the last known leader,
///     else, where that is allowed, by any replica alive; without one the partition is offline;
///   - the leader epoch grows with the leader and when replicas leave, the partition epoch with every difference.
/// Gives `before` itself when nothing changes.
partition settle(const partition& before, partition wanted, const change_rules& by);

/// True when `id` is among `all`.
bool holds(const std::vector<node_id>& all, node_id id);

/// `all` without those in `gone`, in the order of `all`.
std::vector<node_id> without(const std::vector<node_id>& all, const std::vector<node_id>& gone);

}  // namespace troupe::metadata
