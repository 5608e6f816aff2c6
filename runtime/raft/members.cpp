#include "runtime/raft/members.hpp"

#include <algorithm>

namespace troupe::raft {

bool contains(const voter_set& voters, const member& who) {
  return std::any_of(voters.begin(), voters.end(), [&](const voter& v) { return v.id == who; });
}

bool contains_node(const voter_set& voters, node_id node) {
  return std::any_of(voters.begin(), voters.end(), [&](const voter& v) { return v.id.node == node; });
}

std::size_t majority_of(const voter_set& voters) {
  return voters.size() / 2 + 1;
}

std::string to_string(const member& who) {
  return who == nobody ? "nobody" : std::to_string(who.node.value);
}

}  // namespace troupe::raft
