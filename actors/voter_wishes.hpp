#pragma once

#include "runtime/base/error.hpp"
#include "runtime/kafka/errors.hpp"
#include "runtime/raft/participant.hpp"
#include "schema/kafka/add_raft_voter.hpp"
#include "schema/kafka/remove_raft_voter.hpp"

#include <optional>
#include <string>

namespace troupe {

/// The voters that a client wants, or why it cannot have them.
struct wished_voters {
  raft::voter_set voters;
  kafka::error_code code = kafka::error_code::none;
  std::string why;
};

/// What AddRaftVoter asks for (KIP-853); voters are reached at `listener`.
wished_voters with_voter(const raft::voter_set& now, const kafka::add_raft_voter_request& r,
                         const std::string& cluster_id, const std::string& listener);
/// What RemoveRaftVoter asks for.
wished_voters without_voter(const raft::voter_set& now, const kafka::remove_raft_voter_request& r,
                            const std::string& cluster_id);

/// Kafka's code for what the quorum says to a wish.
kafka::error_code voter_code_of(const error& e);

/// A voter whose node came back with an empty disk: it follows the log again under a new directory id, and nothing was
/// heard of its former self for `silence`. That one never comes back, so its place can be given to the node it is now.
std::optional<raft::member> wiped_voter(const raft::view& seat, monotonic_time now, std::chrono::nanoseconds silence);

}  // namespace troupe
