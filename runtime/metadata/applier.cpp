#include "runtime/metadata/applier.hpp"

#include "runtime/metadata/record_builders.hpp"
#include <algorithm>
#include <utility>

namespace troupe::metadata {

namespace {

std::string text(capnp::Text::Reader from) {
  return {from.begin(), from.size()};
}

std::vector<node_id> nodes(capnp::List<std::int32_t>::Reader from) {
  std::vector<node_id> out;
  out.reserve(from.size());
  for (auto id : from)
    out.emplace_back(id);
  return out;
}

error contradiction(const std::string& what) {
  return make_error(errc::contradicting_record, what);
}

std::string describe(const topic_id& topic, std::int32_t index) {
  return "partition " + std::to_string(index) + " of topic id " + to_string(topic);
}

/// Puts the value of `r` into `configs`, or takes the key out.
error change(config_map& configs, schema::ConfigRecord::Reader r) {
  const auto state = r.getState();
  switch (state.which()) {
    case schema::ConfigRecord::State::VALUE:
      configs.insert_or_assign(text(r.getKey()), text(state.getValue()));
      return {};
    case schema::ConfigRecord::State::REMOVED:
      configs.erase(text(r.getKey()));
      return {};
  }
  return make_error(errc::unknown_record,
                    "setting " + text(r.getKey()) + ": a state of a newer version; upgrade this node");
}

/// `before` as the fields present in `r` make it.
expected<partition> changed(const partition& before, schema::PartitionChangeRecord::Reader r) {
  using recovery = schema::PartitionChangeRecord::Recovery;
  auto after = before;
  if (r.hasReplicas())
    after.replicas = nodes(r.getReplicas());
  if (r.hasIsr())
    after.in_sync = nodes(r.getIsr());
  if (r.hasAdding())
    after.adding = nodes(r.getAdding());
  if (r.hasRemoving())
    after.removing = nodes(r.getRemoving());
  if (r.hasElr())
    after.eligible = nodes(r.getElr());
  if (r.hasLastKnownElr())
    after.last_known = nodes(r.getLastKnownElr());
  if (r.getLeader() != -2)
    after.leader = node_id{r.getLeader()};
  if (r.getLeaderEpoch() != -1)
    after.epoch = leader_epoch{r.getLeaderEpoch()};
  if (r.getRecovery() > recovery::RECOVERING)
    return make_error(errc::unknown_record, describe(read_id(r.getTopic()), r.getIndex())
                                              + ": a recovery state of a newer version; upgrade this node");
  if (r.getRecovery() != recovery::UNCHANGED)
    after.recovering = r.getRecovery() == recovery::RECOVERING;
  after.partition_epoch = r.getPartitionEpoch();
  return after;
}

}  // namespace

error applier::apply(schema::MetadataRecord::Reader record) {
  using kind = schema::MetadataRecord;
  switch (record.which()) {
    case kind::TOPIC: return add_topic(record.getTopic());
    case kind::PARTITION: return add_partition(record.getPartition());
    case kind::PARTITION_CHANGE: return change_partition(record.getPartitionChange());
    case kind::TOPIC_REMOVED: return remove_topic(record.getTopicRemoved()), error{};
    case kind::CONFIG: return change_config(record.getConfig());
    case kind::PRODUCER_IDS:
      next_->next_producer_id_ = std::max(next_->next_producer_id_, record.getProducerIds().getNextId());
      return {};
    case kind::BROKER: return add_broker(record.getBroker()), error{};
    case kind::BROKER_CHANGE: return change_broker(record.getBrokerChange()), error{};
    case kind::BROKER_REMOVED: return remove_broker(record.getBrokerRemoved()), error{};
    case kind::VOTERS: return set_voters(record.getVoters()), error{};
    case kind::FEATURE: return set_feature(record.getFeature()), error{};
  }
  return make_error(errc::unknown_record, "metadata record of type " + std::to_string(static_cast<int>(record.which()))
                                            + ", which a newer version has written; upgrade this node");
}

error applier::apply_all(const records& all) {
  for (const auto& record : all)
    if (auto failed = apply(*record))
      return failed;
  return {};
}

std::shared_ptr<const image> applier::finish(entry_id applied) && {
  next_->applied_ = applied;
  return std::move(next_);
}

topic* applier::own_topic(const topic_id& id) {
  if (const auto found = own_.find(id); found != own_.end())
    return found->second.get();
  const auto shared = next_->by_id_.find(id);
  if (!shared)
    return nullptr;
  auto copy = std::make_shared<topic>(*shared);
  next_->by_id_.put(copy);
  next_->by_name_.put(copy);
  return own_.emplace(id, std::move(copy)).first->second.get();
}

error applier::add_topic(schema::TopicRecord::Reader r) {
  const auto id = read_id(r.getId());
  const auto name = text(r.getName());
  if (const auto same = next_->by_id_.find(id)) {
    if (same->name == name)
      return {};
    return contradiction("topic id " + to_string(id) + " is given to " + name + ", but it is that of " + same->name);
  }
  if (const auto namesake = next_->by_name_.find(name))
    return contradiction("topic " + name + " is created with id " + to_string(id) + ", but it exists with id "
                         + to_string(namesake->id));
  auto created = std::make_shared<topic>();
  created->id = id;
  created->name = name;
  next_->by_id_.put(created);
  next_->by_name_.put(created);
  own_.emplace(id, std::move(created));
  return {};
}

error applier::add_partition(schema::PartitionRecord::Reader r) {
  const auto id = read_id(r.getTopic());
  auto* owner = own_topic(id);
  const auto index = static_cast<std::size_t>(r.getIndex());
  if (!owner || r.getIndex() < 0 || index > owner->partitions.size())
    return contradiction(describe(id, r.getIndex()) + " is created, but "
                         + (owner ? "the one before it does not exist" : "the topic does not exist"));
  partition p{nodes(r.getReplicas()),
              nodes(r.getIsr()),
              node_id{r.getLeader()},
              leader_epoch{r.getLeaderEpoch()},
              r.getPartitionEpoch(),
              nodes(r.getAdding()),
              nodes(r.getRemoving()),
              nodes(r.getElr()),
              nodes(r.getLastKnownElr()),
              r.getRecovering()};
  if (index < owner->partitions.size()) {
    if (owner->partitions[index].partition_epoch >= p.partition_epoch)
      return {};  // applied already
    owner->partitions.replace(index, std::move(p));
    return {};
  }
  owner->partitions.push_back(std::move(p));
  ++next_->partition_count_;
  return {};
}

error applier::change_partition(schema::PartitionChangeRecord::Reader r) {
  const auto id = read_id(r.getTopic());
  auto* owner = own_topic(id);
  const auto* before = owner ? owner->find(partition_index{r.getIndex()}) : nullptr;
  if (!before)
    return contradiction(describe(id, r.getIndex()) + " is changed, but it does not exist");
  if (r.getPartitionEpoch() <= before->partition_epoch)
    return {};  // applied already
  auto after = changed(*before, r);
  if (!after)
    return after.error();
  owner->partitions.replace(static_cast<std::size_t>(r.getIndex()), std::move(*after));
  return {};
}

void applier::remove_topic(schema::TopicRemovedRecord::Reader r) {
  const auto id = read_id(r.getId());
  const auto gone = next_->by_id_.find(id);
  if (!gone)
    return;
  next_->partition_count_ -= gone->partition_count();
  next_->by_id_.erase(id);
  next_->by_name_.erase(std::string_view{gone->name});
  own_.erase(id);
}

error applier::change_config(schema::ConfigRecord::Reader r) {
  const auto resource = r.getResource();
  switch (resource.which()) {
    case schema::ConfigRecord::Resource::TOPIC: {
      const auto id = read_id(resource.getTopic());
      auto* owner = own_topic(id);
      if (!owner)
        return contradiction("setting " + text(r.getKey()) + " of topic id " + to_string(id)
                             + ", which does not exist");
      return change(owner->configs, r);
    }
    case schema::ConfigRecord::Resource::BROKER: {
      auto all = *next_->broker_configs_;
      const node_id id{resource.getBroker()};
      auto failed = change(all[id], r);
      if (all[id].empty())
        all.erase(id);
      next_->broker_configs_ = std::make_shared<const std::map<node_id, config_map>>(std::move(all));
      return failed;
    }
    case schema::ConfigRecord::Resource::CLUSTER_DEFAULT: {
      auto all = *next_->cluster_config_;
      auto failed = change(all, r);
      next_->cluster_config_ = std::make_shared<const config_map>(std::move(all));
      return failed;
    }
    case schema::ConfigRecord::Resource::GROUP: return change_group_config(text(resource.getGroup()), r);
  }
  return make_error(errc::unknown_record, "setting " + text(r.getKey())
                                            + " of a kind of resource that a newer version knows; upgrade this node");
}

error applier::change_group_config(const std::string& group, schema::ConfigRecord::Reader r) {
  const auto before = next_->group_configs_.find(std::string_view{group});
  auto after = std::make_shared<group_overrides>(before ? *before : group_overrides{group, {}});
  if (auto failed = change(after->configs, r))
    return failed;
  if (after->configs.empty())
    next_->group_configs_.erase(std::string_view{group});
  else
    next_->group_configs_.put(std::move(after));
  return {};
}

namespace {

using broker_map = std::map<node_id, std::shared_ptr<const broker>>;

broker read_broker(schema::BrokerRecord::Reader r) {
  broker b;
  b.id = node_id{r.getId()};
  b.incarnation = read_id(r.getIncarnation());
  b.epoch = r.getEpoch();
  for (auto e : r.getEndpoints())
    b.endpoints.push_back({text(e.getListener()), text(e.getHost()), e.getPort(), text(e.getProtocol())});
  if (r.hasRack())
    b.rack = text(r.getRack());
  b.fenced = r.getFenced();
  b.directory = read_id(r.getDirectory());
  b.clean_stop = r.getCleanStop();
  return b;
}

}  // namespace

void applier::add_broker(schema::BrokerRecord::Reader r) {
  if (const auto before = next_->find_broker(node_id{r.getId()}); before && before->epoch > r.getEpoch())
    return;  // applied already, and replaced since
  auto all = *next_->brokers_;
  all[node_id{r.getId()}] = std::make_shared<const broker>(read_broker(r));
  next_->brokers_ = std::make_shared<const broker_map>(std::move(all));
}

void applier::change_broker(schema::BrokerChangeRecord::Reader r) {
  const auto before = next_->find_broker(node_id{r.getId()});
  if (!before || before->epoch != r.getEpoch())
    return;
  auto after = *before;
  after.fenced = r.getFenced();
  after.shutting_down = r.getShuttingDown();
  auto all = *next_->brokers_;
  all[after.id] = std::make_shared<const broker>(std::move(after));
  next_->brokers_ = std::make_shared<const broker_map>(std::move(all));
}

void applier::remove_broker(schema::BrokerRemovedRecord::Reader r) {
  const auto before = next_->find_broker(node_id{r.getId()});
  if (!before || before->epoch != r.getEpoch())
    return;
  auto all = *next_->brokers_;
  all.erase(before->id);
  next_->brokers_ = std::make_shared<const broker_map>(std::move(all));
}

void applier::set_voters(schema::VotersRecord::Reader r) {
  next_->voters_ = std::make_shared<const std::vector<voter>>(read_voters(r));
}

void applier::set_feature(schema::FeatureRecord::Reader r) {
  auto all = *next_->features_;
  if (r.getLevel() == 0)
    all.erase(text(r.getName()));
  else
    all.insert_or_assign(text(r.getName()), r.getLevel());
  next_->features_ = std::make_shared<const std::map<std::string, std::int16_t, std::less<>>>(std::move(all));
}

}  // namespace troupe::metadata
