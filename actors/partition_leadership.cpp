#include "actors/partition_leadership.hpp"

#include "runtime/wire/builder.hpp"

#include <vector>

namespace troupe {

namespace {

template <class List>
void fill(List to, const std::vector<node_id>& ids) {
  for (unsigned i = 0; i < ids.size(); ++i)
    to.set(i, ids[i].value);
}

template <class List>
std::vector<node_id> ids_of(List from) {
  std::vector<node_id> out;
  for (auto id : from)
    out.emplace_back(id);
  return out;
}

}  // namespace

wire<schema::PartitionLeadership> leadership_of(const metadata::partition& p) {
  wire_builder<schema::PartitionLeadership> b;
  b->setLeader(p.leader.value);
  b->setLeaderEpoch(p.epoch.value);
  b->setPartitionEpoch(p.partition_epoch);
  fill(b->initReplicas(static_cast<unsigned>(p.replicas.size())), p.replicas);
  fill(b->initIsr(static_cast<unsigned>(p.in_sync.size())), p.in_sync);
  fill(b->initAdding(static_cast<unsigned>(p.adding.size())), p.adding);
  return std::move(b).freeze();
}

replication::membership membership_of(schema::PartitionLeadership::Reader m) {
  return {ids_of(m.getReplicas()), ids_of(m.getIsr()), m.getPartitionEpoch(), ids_of(m.getAdding())};
}

}  // namespace troupe
