#pragma once

#include "runtime/base/ids.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

/// Who takes part in the metadata quorum.
namespace troupe::raft {

/// 128 random bits made when a node's disk is formatted. A node that comes back with an empty disk has forgotten its
/// votes and entries, and the new id says so (KIP-853).
using directory_id = strong<struct directory_id_tag, topic_id>;

/// One disk's worth of a node: the same node on another disk is somebody else.
struct member {
  node_id node{-1};
  directory_id directory;
  auto operator<=>(const member&) const = default;
};

/// No member; as the receiver of a message: whoever is reached first.
inline constexpr member nobody{};

/// A member whose vote and log count, and where the other nodes reach it.
struct voter {
  member id;
  std::string host;
  std::uint16_t port = 0;
  bool operator==(const voter&) const = default;
};

/// The voters of a quorum; no node stands in it twice.
using voter_set = std::vector<voter>;

/// True when `who` votes; the same node on another disk does not.
bool contains(const voter_set& voters, const member& who);

/// True when a voter has that node id, on whatever disk.
bool contains_node(const voter_set& voters, node_id node);

/// How many of `voters` are needed for a vote or a commit.
std::size_t majority_of(const voter_set& voters);

/// `1`, or `nobody`; for messages to people.
std::string to_string(const member& who);

}  // namespace troupe::raft
