#pragma once

#include "runtime/raft/log_terms.hpp"
#include "runtime/raft/members.hpp"

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

/// What the members say to each other. `schema/raft.capnp` is the same on the wire.
namespace troupe::raft {

/// Will you vote for me? With `pre` only a question whether an election could be won: it changes nothing.
struct vote_request {
  bool pre = false;
  bool handed_over = false;  ///< the leader asked for it: that it is alive is no reason to refuse
  entry_id last;             ///< where the candidate's log ends
  std::int64_t round = 0;    ///< comes back in the reply
};

/// The answer. The sender's term tells a candidate that is behind.
struct vote_reply {
  bool pre = false;
  bool granted = false;
  std::int64_t round = 0;
  member leader = nobody;  ///< whom the refusing member follows
};

/// What a log must know of an entry: its term, and the voters when it sets them.
struct entry_head {
  std::int64_t term = 0;
  std::optional<voter_set> voters;
};

/// Entries that follow `prev`, in order; without entries a sign of life. The records themselves travel beside it.
struct append_request {
  entry_id prev;
  std::vector<entry_head> entries;
  std::int64_t commit = 0;  ///< the leader's
  std::int64_t number = 0;  ///< comes back in the reply; grows with each request of a leader to one member
};

/// How far the receiver's log is durable and the leader's. Refused: it does not have `prev`.
struct append_reply {
  bool accepted = false;
  std::int64_t match = 0;  ///< last entry that is durable here and equal to the leader's
  entry_id hint;           ///< refused: the newest entry before `prev` that may be equal
  std::int64_t number = 0;
};

/// A piece of the snapshot of `at`; its bytes travel beside it.
struct snapshot_request {
  entry_id at;
  std::int64_t offset = 0;
  std::int64_t size = 0;  ///< bytes of this piece
  bool last = false;
  std::int64_t number = 0;  ///< comes back in the reply
};

/// Which piece of the snapshot of `at` is wanted next.
struct snapshot_reply {
  entry_id at;
  std::int64_t next_offset = 0;
  std::int64_t number = 0;
};

/// From a member that hears from no leader: push the log to me, or tell me who leads.
struct subscribe_request {
  entry_id last;
};

/// From one that does not lead itself.
struct subscribe_reply {
  member leader = nobody;
};

/// From a leader that stops: hold an election now.
struct timeout_now {};

/// A message with its envelope. The receiver takes no notice when it is not the member that is meant.
struct message {
  member from;
  member to;
  std::int64_t term = 0;  ///< the sender's
  std::variant<vote_request, vote_reply, append_request, append_reply, snapshot_request, snapshot_reply,
               subscribe_request, subscribe_reply, timeout_now>
      body;
};

}  // namespace troupe::raft
