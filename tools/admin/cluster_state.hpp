#pragma once

#include "tools/admin/moves.hpp"
#include "tools/admin/quorum.hpp"

#include <optional>
#include <string>
#include <vector>

namespace troupe::tools {

/// One registered node, with what it holds.
struct node_state {
  std::int32_t id = -1;
  endpoint at;
  std::string rack;
  bool fenced = false;
  std::size_t leaders = 0;
  std::size_t replicas = 0;
  std::size_t out_of_sync = 0;  ///< of its replicas
};

/// What the nodes know of the whole cluster.
struct cluster_state {
  std::string id;
  std::int32_t controller = -1;
  std::vector<node_state> nodes;      ///< by id
  std::optional<quorum_state> quorum;
  std::size_t topics = 0;
  std::size_t partitions = 0;
  std::vector<std::string> under_replicated;  ///< `topic-N` with fewer in sync than replicas
  std::vector<std::string> offline;           ///< `topic-N` without a leader
  std::vector<move_state> moves;              ///< reassignments under way
};

/// The registered nodes alone, fenced ones among them where the node that answers tells of those.
expected<cluster_state> describe_nodes(client& by);
/// All of it.
expected<cluster_state> describe_cluster(client& by);

/// For a person, and for programs.
std::string to_text(const cluster_state& c);
std::string to_json(const cluster_state& c);

}  // namespace troupe::tools
