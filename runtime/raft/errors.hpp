#pragma once

#include "runtime/base/error.hpp"

#include <cstdint>
#include <string>

namespace troupe::raft {

/// Why the quorum refuses a wish. Kafka's codes for AddRaftVoter and RemoveRaftVoter stand behind those that have one.
enum class errc : std::uint8_t {
  not_leader = 1,        ///< 41 NOT_CONTROLLER: ask the leader
  handing_over,          ///< 41: the leader is about to stop
  change_pending,        ///< 7 REQUEST_TIMED_OUT: an earlier change of the voters is not committed yet
  term_not_committed,    ///< 7: the leader has not committed an entry of its own term yet
  not_caught_up,         ///< 7: the node to be made a voter lacks too much of the log, or has not been heard of lately
  quorum_out_of_reach,   ///< 7: too few of the wished voters have been heard of lately; the change could never commit
  duplicate_voter,       ///< 126
  voter_not_found,       ///< 127
  invalid_change,        ///< 42 INVALID_REQUEST: not a change of exactly one voter, or no voter would be left
  no_successor,          ///< there is no other voter that could lead
  malformed_message,     ///< a peer's message exceeds a limit or contradicts itself
};

/// The error `code` of this domain with the sentence that a person will read.
error make_error(errc code, std::string text);

/// True when `e` is of this domain with `code`.
bool is(const error& e, errc code) noexcept;

}  // namespace troupe::raft
