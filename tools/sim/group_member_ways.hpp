#pragma once

#include "tools/sim/group_oracle.hpp"

#include <chrono>

/// What the parts of `group_member` share.
namespace troupe::cluster_sim {

/// How long a member waits for an answer that depends on nobody else.
inline constexpr std::chrono::seconds answer_patience{3};

/// `all` that is not among `some`.
inline group_oracle::partitions without(group_oracle::partitions all, const group_oracle::partitions& some) {
  std::erase_if(all, [&](auto p) { return some.contains(p); });
  return all;
}

}  // namespace troupe::cluster_sim
