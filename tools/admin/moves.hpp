#pragma once

#include "tools/admin/client.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace troupe::tools {

struct node_state;

/// A partition that is being reassigned.
struct move_state {
  std::string partition;                 ///< `topic-N`
  std::vector<std::int32_t> replicas;    ///< that stay or leave
  std::vector<std::int32_t> adding;
  std::vector<std::int32_t> removing;
  /// Bytes that the added replicas have, and those that they would have with all that the leader has; none where a node
  /// does not tell.
  std::optional<std::int64_t> bytes_done;
  std::optional<std::int64_t> bytes_wanted;
};

/// All reassignments under way. Asks the nodes themselves, of which `nodes` are known, how far the copies are.
expected<std::vector<move_state>> describe_moves(client& by, const std::vector<node_state>& nodes);

}  // namespace troupe::tools
