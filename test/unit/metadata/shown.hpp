#pragma once

#include "fixtures.hpp"
#include "test/unit/script.hpp"

#include <algorithm>
#include <map>
#include <sstream>
#include <string>
#include <vector>

/// How the script tests of this folder read and print things.
namespace troupe::metadata::test {

using troupe::test::split;
using troupe::test::words;

inline bool has(const words& in, const std::string& flag) {
  return std::find(in.begin(), in.end(), flag) != in.end();
}

/// The value of `KEY=VALUE` among the words; null when it is not there.
inline const char* option(const words& in, const std::string& key) {
  for (const auto& word : in)
    if (word.starts_with(key + "="))
      return word.c_str() + key.size() + 1;
  return nullptr;
}

inline std::int32_t number(const words& in, const std::string& key, std::int32_t otherwise) {
  const auto* text = option(in, key);
  return text ? std::stoi(text) : otherwise;
}

inline std::vector<node_id> nodes(const std::string& text) {
  std::vector<node_id> out;
  for (const auto& id : split(text, '+'))
    out.emplace_back(std::stoi(id));
  return out;
}

inline std::string shown(const std::vector<node_id>& ids) {
  std::string out;
  for (auto id : ids)
    out += (out.empty() ? "" : "+") + std::to_string(id.value);
  return out.empty() ? "none" : out;
}

inline std::string shown(const partition& p) {
  auto out = shown(p.replicas) + " led by " + (p.leader == no_node ? "nobody" : std::to_string(p.leader.value))
             + " epoch " + std::to_string(p.epoch.value) + " version " + std::to_string(p.partition_epoch)
             + " in sync " + shown(p.in_sync);
  const auto add = [&out](const char* what, const std::vector<node_id>& which) {
    if (!which.empty())
      out += std::string{what} + shown(which);
  };
  add(" eligible ", p.eligible);
  add(" last known ", p.last_known);
  add(" adding ", p.adding);
  add(" removing ", p.removing);
  return out + (p.recovering ? " recovering" : "");
}

inline std::string name_of(errc code) {
  static const std::map<errc, std::string> names{
    {errc::topic_already_exists, "topic_already_exists"}, {errc::invalid_topic_name, "invalid_topic_name"},
    {errc::topic_authorization_failed, "topic_authorization_failed"}, {errc::unknown_topic, "unknown_topic"},
    {errc::unknown_topic_id, "unknown_topic_id"}, {errc::topic_deletion_disabled, "topic_deletion_disabled"},
    {errc::invalid_partitions, "invalid_partitions"}, {errc::invalid_replication_factor, "invalid_replication_factor"},
    {errc::invalid_replica_assignment, "invalid_replica_assignment"}, {errc::invalid_config, "invalid_config"},
    {errc::invalid_request, "invalid_request"}, {errc::policy_violation, "policy_violation"},
    {errc::broker_id_not_registered, "broker_id_not_registered"},
    {errc::duplicate_broker_registration, "duplicate_broker_registration"},
    {errc::stale_broker_epoch, "stale_broker_epoch"}, {errc::producer_ids_exhausted, "producer_ids_exhausted"},
    {errc::unknown_partition, "unknown_partition"}, {errc::not_controller, "not_controller"},
    {errc::fenced_leader_epoch, "fenced_leader_epoch"}, {errc::invalid_update_version, "invalid_update_version"},
    {errc::ineligible_replica, "ineligible_replica"}, {errc::election_not_needed, "election_not_needed"},
    {errc::preferred_leader_not_available, "preferred_leader_not_available"},
    {errc::eligible_leaders_not_available, "eligible_leaders_not_available"},
    {errc::no_reassignment_in_progress, "no_reassignment_in_progress"},
    {errc::invalid_registration, "invalid_registration"}};
  const auto found = names.find(code);
  return found == names.end() ? "another error" : found->second;
}

inline std::string shown(const error& e) {
  return name_of(static_cast<errc>(e.code())) + ": " + render(e);
}

inline std::string shown(schema::ConfigRecord::Reader r) {
  const auto resource = r.getResource();
  auto out = std::string{resource.isTopic()    ? "topic"
                         : resource.isBroker() ? "broker " + std::to_string(resource.getBroker())
                         : resource.isGroup()  ? "group " + std::string{resource.getGroup().cStr()}
                                               : "cluster"};
  const auto state = r.getState();
  return out + " " + r.getKey().cStr() + (state.isValue() ? "=" + std::string{state.getValue().cStr()} : " removed");
}

inline std::vector<node_id> nodes(capnp::List<std::int32_t>::Reader from) {
  std::vector<node_id> out;
  for (auto id : from)
    out.emplace_back(id);
  return out;
}

inline std::string shown(schema::PartitionChangeRecord::Reader r) {
  std::string out;
  const auto add = [&out](bool there, const char* what, const std::string& value) {
    if (there)
      out += (out.empty() ? "" : " ") + std::string{what} + " " + value;
  };
  add(r.hasReplicas(), "on", shown(nodes(r.getReplicas())));
  add(r.hasAdding(), "adding", shown(nodes(r.getAdding())));
  add(r.hasRemoving(), "removing", shown(nodes(r.getRemoving())));
  add(r.getLeader() != -2, "led by", r.getLeader() == -1 ? "nobody" : std::to_string(r.getLeader()));
  add(r.getLeaderEpoch() != -1, "epoch", std::to_string(r.getLeaderEpoch()));
  add(r.hasIsr(), "in sync", shown(nodes(r.getIsr())));
  add(r.hasElr(), "eligible", shown(nodes(r.getElr())));
  add(r.hasLastKnownElr(), "last known", shown(nodes(r.getLastKnownElr())));
  if (r.getRecovery() != schema::PartitionChangeRecord::Recovery::UNCHANGED)
    out += r.getRecovery() == schema::PartitionChangeRecord::Recovery::RECOVERED ? " recovered" : " recovering";
  return std::to_string(r.getIndex()) + " " + out;
}

inline std::string shown(schema::BrokerChangeRecord::Reader r) {
  return "broker " + std::to_string(r.getId()) + (r.getFenced() ? " fenced" : " unfenced")
         + (r.getShuttingDown() ? " stopping" : "");
}

inline std::string shown(schema::MetadataRecord::Reader r) {
  if (r.isTopic())
    return std::string{"topic "} + r.getTopic().getName().cStr();
  if (r.isPartition()) {
    const auto p = r.getPartition();
    return std::to_string(p.getIndex()) + ":" + shown(nodes(p.getReplicas()));
  }
  if (r.isPartitionChange())
    return shown(r.getPartitionChange());
  if (r.isBrokerChange())
    return shown(r.getBrokerChange());
  if (r.isBrokerRemoved())
    return "broker " + std::to_string(r.getBrokerRemoved().getId()) + " removed";
  if (r.isFeature())
    return std::string{r.getFeature().getName().cStr()} + "=" + std::to_string(r.getFeature().getLevel());
  if (r.isConfig())
    return shown(r.getConfig());
  if (r.isBroker())
    return "broker " + std::to_string(r.getBroker().getId()) + " epoch=" + std::to_string(r.getBroker().getEpoch());
  return to_text(r);
}

}  // namespace troupe::metadata::test
