#include "runtime/metadata/record_builders.hpp"

#include "runtime/wire/builder.hpp"

#include <algorithm>

namespace troupe::metadata {

namespace {

using builder = wire_builder<schema::MetadataRecord>;

/// Words for texts of that many bytes beside a record's own structs.
constexpr std::size_t words_for(std::size_t text_bytes) {
  return 24 + text_bytes / 8;
}

void fill(capnp::List<std::int32_t>::Builder to, const std::vector<node_id>& from) {
  for (unsigned i = 0; i < from.size(); ++i)
    to.set(i, from[i].value);
}

/// `resource_bytes`: of the resource's name, where it has one.
template <class SetResource>
record config_record(const std::string& key, const std::optional<std::string>& value, SetResource set_resource,
                     std::size_t resource_bytes = 0) {
  builder b{words_for(resource_bytes + key.size() + (value ? value->size() : 0))};
  auto r = b->initConfig();
  set_resource(r.initResource());
  r.setKey(key);
  if (value)
    r.initState().setValue(*value);
  else
    r.initState().setRemoved();
  return std::move(b).freeze();
}

}  // namespace

record topic_record(const topic_id& id, const std::string& name) {
  builder b{words_for(name.size())};
  auto r = b->initTopic();
  write_id(r.initId(), id);
  r.setName(name);
  return std::move(b).freeze();
}

record partition_record(const topic_id& of, partition_index index, const partition& p) {
  builder b;
  auto r = b->initPartition();
  write_id(r.initTopic(), of);
  r.setIndex(index.value);
  fill(r.initReplicas(static_cast<unsigned>(p.replicas.size())), p.replicas);
  fill(r.initIsr(static_cast<unsigned>(p.in_sync.size())), p.in_sync);
  r.setLeader(p.leader.value);
  r.setLeaderEpoch(p.epoch.value);
  r.setPartitionEpoch(p.partition_epoch);
  if (!p.adding.empty())
    fill(r.initAdding(static_cast<unsigned>(p.adding.size())), p.adding);
  if (!p.removing.empty())
    fill(r.initRemoving(static_cast<unsigned>(p.removing.size())), p.removing);
  if (!p.eligible.empty())
    fill(r.initElr(static_cast<unsigned>(p.eligible.size())), p.eligible);
  if (!p.last_known.empty())
    fill(r.initLastKnownElr(static_cast<unsigned>(p.last_known.size())), p.last_known);
  r.setRecovering(p.recovering);
  return std::move(b).freeze();
}

record partition_change_record(const topic_id& of, partition_index index, const partition& before,
                               const partition& after) {
  builder b;
  auto r = b->initPartitionChange();
  write_id(r.initTopic(), of);
  r.setIndex(index.value);
  if (after.replicas != before.replicas)
    fill(r.initReplicas(static_cast<unsigned>(after.replicas.size())), after.replicas);
  if (after.in_sync != before.in_sync)
    fill(r.initIsr(static_cast<unsigned>(after.in_sync.size())), after.in_sync);
  if (after.adding != before.adding)
    fill(r.initAdding(static_cast<unsigned>(after.adding.size())), after.adding);
  if (after.removing != before.removing)
    fill(r.initRemoving(static_cast<unsigned>(after.removing.size())), after.removing);
  if (after.eligible != before.eligible)
    fill(r.initElr(static_cast<unsigned>(after.eligible.size())), after.eligible);
  if (after.last_known != before.last_known)
    fill(r.initLastKnownElr(static_cast<unsigned>(after.last_known.size())), after.last_known);
  if (after.recovering != before.recovering)
    r.setRecovery(after.recovering ? schema::PartitionChangeRecord::Recovery::RECOVERING
                                   : schema::PartitionChangeRecord::Recovery::RECOVERED);
  if (after.leader != before.leader)
    r.setLeader(after.leader.value);
  if (after.epoch != before.epoch)
    r.setLeaderEpoch(after.epoch.value);
  r.setPartitionEpoch(after.partition_epoch);
  return std::move(b).freeze();
}

record topic_removed_record(const topic_id& id) {
  builder b;
  write_id(b->initTopicRemoved().initId(), id);
  return std::move(b).freeze();
}

record topic_config_record(const topic_id& of, const std::string& key, const std::optional<std::string>& value) {
  return config_record(key, value, [&](auto resource) { write_id(resource.initTopic(), of); });
}

record broker_config_record(node_id of, const std::string& key, const std::optional<std::string>& value) {
  return config_record(key, value, [&](auto resource) { resource.setBroker(of.value); });
}

record cluster_config_record(const std::string& key, const std::optional<std::string>& value) {
  return config_record(key, value, [](auto resource) { resource.setClusterDefault(); });
}

record group_config_record(const std::string& of, const std::string& key, const std::optional<std::string>& value) {
  return config_record(key, value, [&](auto resource) { resource.setGroup(of); }, of.size());
}

record producer_ids_record(std::int64_t next_id, node_id to, std::int64_t broker_epoch) {
  builder b;
  auto r = b->initProducerIds();
  r.setNextId(next_id);
  r.setNodeId(to.value);
  r.setBrokerEpoch(broker_epoch);
  return std::move(b).freeze();
}

record broker_record(const broker& from) {
  builder b{words_for(64 * from.endpoints.size())};
  auto r = b->initBroker();
  r.setId(from.id.value);
  write_id(r.initIncarnation(), from.incarnation);
  r.setEpoch(from.epoch);
  auto endpoints = r.initEndpoints(static_cast<unsigned>(from.endpoints.size()));
  for (unsigned i = 0; i < from.endpoints.size(); ++i) {
    endpoints[i].setListener(from.endpoints[i].listener);
    endpoints[i].setHost(from.endpoints[i].host);
    endpoints[i].setPort(from.endpoints[i].port);
    endpoints[i].setProtocol(from.endpoints[i].protocol);
  }
  if (from.rack)
    r.setRack(*from.rack);
  r.setFenced(from.fenced);
  if (!from.directory.is_zero())
    write_id(r.initDirectory(), from.directory);
  r.setCleanStop(from.clean_stop);
  return std::move(b).freeze();
}

record broker_change_record(node_id id, std::int64_t epoch, bool fenced, bool shutting_down) {
  builder b;
  auto r = b->initBrokerChange();
  r.setId(id.value);
  r.setEpoch(epoch);
  r.setFenced(fenced);
  r.setShuttingDown(shutting_down);
  return std::move(b).freeze();
}

record broker_removed_record(node_id id, std::int64_t epoch) {
  builder b;
  auto r = b->initBrokerRemoved();
  r.setId(id.value);
  r.setEpoch(epoch);
  return std::move(b).freeze();
}

record voters_record(const std::vector<voter>& all) {
  builder b{words_for(64 * all.size())};
  auto r = b->initVoters().initVoters(static_cast<unsigned>(all.size()));
  for (unsigned i = 0; i < all.size(); ++i) {
    r[i].setId(all[i].id.value);
    write_id(r[i].initDirectory(), all[i].directory);
    r[i].setHost(all[i].host);
    r[i].setPort(all[i].port);
  }
  return std::move(b).freeze();
}

record feature_record(const std::string& name, std::int16_t level) {
  builder b{words_for(name.size())};
  auto r = b->initFeature();
  r.setName(name);
  r.setLevel(level);
  return std::move(b).freeze();
}

std::vector<voter> read_voters(schema::VotersRecord::Reader r) {
  std::vector<voter> all;
  for (auto v : r.getVoters())
    all.push_back({node_id{v.getId()}, read_id(v.getDirectory()), std::string{v.getHost()}, v.getPort()});
  std::sort(all.begin(), all.end(), [](const voter& a, const voter& b) { return a.id < b.id; });
  return all;
}

}  // namespace troupe::metadata
