#include "tools/admin/cluster_state.hpp"

#include "schema/kafka/describe_cluster.hpp"
#include "schema/kafka/metadata.hpp"
#include "tools/admin/address.hpp"

#include <algorithm>

namespace troupe::tools {

namespace {

constexpr std::int8_t brokers = 1;

node_state* find(cluster_state& in, std::int32_t id) {
  const auto at = std::ranges::find(in.nodes, id, &node_state::id);
  return at == in.nodes.end() ? nullptr : &*at;
}

void count(cluster_state& into, const std::string& topic, const kafka::metadata_response::partition& p) {
  ++into.partitions;
  const auto name = topic + "-" + std::to_string(p.partition_index);
  if (p.leader_id < 0)
    into.offline.push_back(name);
  if (p.isr_nodes.size() < p.replica_nodes.size())
    into.under_replicated.push_back(name);
  if (auto* leader = find(into, p.leader_id))
    ++leader->leaders;
  for (const auto id : p.replica_nodes)
    if (auto* node = find(into, id)) {
      ++node->replicas;
      if (std::ranges::find(p.isr_nodes, id) == p.isr_nodes.end())
        ++node->out_of_sync;
    }
}

}  // namespace

expected<cluster_state> describe_nodes(client& by) {
  kafka::describe_cluster_request r;
  r.endpoint_type = brokers;
  r.include_fenced_brokers = true;
  auto told = by.ask<kafka::describe_cluster_response>(r);
  if (!told)
    return told.error();
  if (auto problem = refusal("the cluster", told->error_code, told->error_message))
    return problem;
  cluster_state out;
  out.id = told->cluster_id;
  out.controller = told->controller_id;
  for (const auto& b : told->brokers)
    out.nodes.push_back({b.broker_id, {b.host, static_cast<std::uint16_t>(b.port)}, b.rack.value_or(""), b.is_fenced});
  std::ranges::sort(out.nodes, {}, &node_state::id);
  return out;
}

expected<cluster_state> describe_cluster(client& by) {
  auto out = describe_nodes(by);
  if (!out)
    return out;
  kafka::metadata_request all;
  all.topics.reset();
  all.allow_auto_topic_creation = false;
  auto told = by.ask<kafka::metadata_response>(all);
  if (!told)
    return told.error();
  if (auto problem = refusal("the topics", told->error_code, std::nullopt))
    return problem;
  out->topics = told->topics.size();
  for (const auto& t : told->topics)
    for (const auto& p : t.partitions)
      count(*out, t.name.value_or("?"), p);
  auto quorum = describe_quorum(by);
  if (!quorum)
    return quorum.error();
  out->quorum = std::move(*quorum);
  auto moves = describe_moves(by, out->nodes);
  if (!moves)
    return moves.error();
  out->moves = std::move(*moves);
  return out;
}

}  // namespace troupe::tools
