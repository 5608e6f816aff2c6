#include "tools/admin/moves.hpp"

#include "schema/kafka/describe_log_dirs.hpp"
#include "schema/kafka/list_partition_reassignments.hpp"
#include "tools/admin/cluster_state.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace troupe::tools {

namespace {

/// By partition name, the size of a node's replica of it.
using sizes = std::map<std::string, std::int64_t>;

std::string name_of(const std::string& topic, std::int32_t partition) {
  return topic + "-" + std::to_string(partition);
}

/// What a node has; none when it does not answer.
std::optional<sizes> sizes_at(const node_state& node, std::chrono::milliseconds timeout,
                              const kafka::describe_log_dirs_request& wanted) {
  client there{{{node.at}, timeout}};
  const auto told = there.ask<kafka::describe_log_dirs_response>(wanted);
  if (!told)
    return std::nullopt;
  sizes out;
  for (const auto& directory : told->results)
    for (const auto& topic : directory.topics)
      for (const auto& p : topic.partitions)
        if (!p.is_future_key)
          out[name_of(topic.name, p.partition_index)] = p.partition_size;
  return out;
}

std::optional<std::int64_t> size_in(const std::map<std::int32_t, std::optional<sizes>>& all, std::int32_t node,
                                    const std::string& partition) {
  const auto at = all.find(node);
  if (at == all.end() || !at->second)
    return std::nullopt;
  const auto found = at->second->find(partition);
  return found == at->second->end() ? 0 : found->second;
}

/// The largest replica of those that were there tells how much there is to copy.
void measure(move_state& m, const std::map<std::int32_t, std::optional<sizes>>& all) {
  std::int64_t whole = 0, done = 0;
  for (const auto node : m.replicas)
    whole = std::max(whole, size_in(all, node, m.partition).value_or(0));
  for (const auto node : m.adding) {
    const auto has = size_in(all, node, m.partition);
    if (!has)
      return;
    done += std::min(*has, whole);
  }
  m.bytes_done = done;
  m.bytes_wanted = whole * static_cast<std::int64_t>(m.adding.size());
}

}  // namespace

expected<std::vector<move_state>> describe_moves(client& by, const std::vector<node_state>& nodes) {
  const auto told = by.ask<kafka::list_partition_reassignments_response>(kafka::list_partition_reassignments_request{});
  if (!told)
    return told.error();
  if (auto problem = refusal("reassignments", told->error_code, told->error_message))
    return problem;
  std::vector<move_state> out;
  kafka::describe_log_dirs_request wanted;
  wanted.topics.emplace();
  std::set<std::int32_t> asked;
  for (const auto& topic : told->topics) {
    auto& named = wanted.topics->emplace_back();
    named.topic = topic.name;
    for (const auto& p : topic.partitions) {
      named.partitions.push_back(p.partition_index);
      auto& m = out.emplace_back();
      m.partition = name_of(topic.name, p.partition_index);
      std::ranges::copy_if(p.replicas, std::back_inserter(m.replicas), [&](auto id) {
        return std::ranges::find(p.adding_replicas, id) == p.adding_replicas.end();
      });
      m.adding = p.adding_replicas;
      m.removing = p.removing_replicas;
      asked.insert(p.replicas.begin(), p.replicas.end());
    }
  }
  std::map<std::int32_t, std::optional<sizes>> all;
  for (const auto& node : nodes)
    if (asked.contains(node.id) && !node.fenced)
      all[node.id] = sizes_at(node, by.timeout(), wanted);
  for (auto& m : out)
    measure(m, all);
  return out;
}

}  // namespace troupe::tools
