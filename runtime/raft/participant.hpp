#pragma once

#include "runtime/authority/clock.hpp"
#include "runtime/base/error.hpp"
#include "runtime/raft/effects.hpp"
#include "runtime/raft/errors.hpp"
#include "runtime/raft/log_terms.hpp"
#include "runtime/raft/members.hpp"
#include "runtime/raft/messages.hpp"
#include "runtime/raft/progress.hpp"
#include "runtime/raft/voter_history.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

namespace troupe::raft {

/// What one member is told at birth.
struct options {
  member self;
  std::chrono::nanoseconds election_timeout = std::chrono::seconds{1};  ///< the least; each is drawn below its double
  std::chrono::nanoseconds heartbeat_interval = std::chrono::milliseconds{100};
  std::uint64_t seed = 0;  ///< from the node's randomness: spreads the elections of several members
};

/// What a member finds on its disk, all of it durable.
struct opening {
  log_terms terms;    ///< of the journal's entries
  entry_id snapshot;  ///< the newest; {0, 0}: none
  voter_set voters;   ///< as that snapshot has them
  struct change {
    std::int64_t index;
    voter_set voters;
  };
  std::vector<change> changes;  ///< entries above the snapshot that set the voters
  metadata::quorum_state vote;
};

/// What a member does. Whoever is no voter is a follower that never stands for election: a learner.
enum class role : std::uint8_t {
  follower,
  prospective,  ///< asks whether an election could be won
  candidate,
  leader,
};

/// What a member tells of itself and, as leader, of the others.
struct view {
  raft::role role = raft::role::follower;
  bool is_voter = false;
  bool is_active = false;     ///< leads, and has committed an entry of its own term: nothing of earlier terms is open
  bool is_caught_up = false;  ///< has committed all that its leader said is committed; of a leader: is active
  std::int64_t term = 0;
  member leader = nobody;     ///< who leads as far as is known
  entry_id last;
  std::int64_t durable = 0;
  std::int64_t commit = 0;
  voter_set voters;           ///< the newest set, committed or not
  std::int64_t voters_changed_at = 0;
  /// Another member as the leader knows it.
  struct peer {
    member id;
    bool is_voter = false;
    std::int64_t match = 0;
    std::int64_t lag = 0;  ///< entries that are missing there
    monotonic_time heard_at{};
    monotonic_time caught_up_at{};
  };
  std::vector<peer> peers;   ///< of a leader
  std::vector<peer> silent;  ///< of a leader: learners that it has given up, as they were
};

/// One member of the metadata quorum: Raft with pre-vote, check-quorum, snapshots, learners and changes of one voter
/// at a time (Ongaro's dissertation, chapters 3, 4, 6, 9; KIP-595, 853, 996). Pure: time and messages come in, effects
/// go out. It keeps the shape of the log but no entry.
///
/// Owned by one actor. That calls `tick` at `wakes_at`, `step` for each message, `durable` when the journal says so,
/// and carries out the effects of a call, in their order, before it makes the next call.
///
/// Votes and confirmations count by member, so that a node with a new disk counts for nothing until it is made a voter
/// again. A member that is asked for a vote under its own directory id votes also when its own log does not make it a
/// voter yet: the candidate's does, and could be in need of it.
///
/// Two leaders in one term, and an entry that would have to go although it is committed, break an invariant.
class participant {
 public:
  participant(const options& how, opening found, monotonic_time now);

  /// When `tick` wants to be called. At first: now, for a sole voter, which leads then, and for a learner.
  monotonic_time wakes_at() const { return deadline_; }
  effects tick(monotonic_time now);
  /// A message has come in. Duplicates and old ones do no harm.
  effects step(monotonic_time now, const message& m);
  /// Entries up to `index` are durable: the journal's `durable_index`.
  effects durable(monotonic_time now, std::int64_t index);
  /// The link to `node` broke. When that was the leader, nobody waits for the time-out; a wrong alarm does no harm.
  effects lost(monotonic_time now, node_id node);

  /// Reserves the next entry: append what was proposed as `append_own`. Errors: `not_leader`, `handing_over`.
  expected<effects> propose(monotonic_time now);
  /// The same for an entry that makes `voters` the voters: one more, one less, or one with another endpoint. The new
  /// set counts at once. Errors: those of `propose`, and all that `errc` has for voters.
  expected<effects> propose_voters(monotonic_time now, const voter_set& voters);
  /// Hands leadership to the voter that has most, for a stop; proposals are refused meanwhile. Over when `view` shows
  /// another role; given up after an election time-out. Errors: `not_leader`, `no_successor`.
  expected<effects> transfer_leadership(monotonic_time now);

  /// An order's request carried only the entries below `until`.
  void sent_until(const append_order& order, std::int64_t until);
  /// The journal's newest snapshot is now `snapshot`, and `first_index` its first entry.
  void compacted(entry_id snapshot, std::int64_t first_index);
  /// The snapshot that was to be installed is in place, durably, and has these voters.
  effects installed(monotonic_time now, voter_set voters);
  /// It could not be installed; the leader will send it again.
  void install_failed();

  raft::view view() const;

 private:
  // Around every call.
  effects finish();
  void send(const member& to, decltype(message::body) body);
  void receive(monotonic_time now, const message& m);
  std::int64_t next_random();
  std::chrono::nanoseconds draw(std::chrono::nanoseconds below);
  void rest(monotonic_time now);
  void ask_soon(monotonic_time now);
  bool is_voter() const { return contains(voters_.current(), how_.self); }
  /// A voter whose removal is not known to be committed stands too: it can be the only one who can get it committed.
  bool stands() const { return voters_.may_vote(how_.self); }
  bool hears_leader(monotonic_time now) const;
  void commit_to(std::int64_t index);

  // Elections.
  bool adopts_term_of(monotonic_time now, const message& m) const;
  void become_follower(monotonic_time now, std::int64_t term);
  void campaign(monotonic_time now);
  void elect(monotonic_time now, bool handed_over);
  void ask_for_votes(bool pre, bool handed_over);
  bool has_majority() const;
  bool may_vote_for(const member& candidate) const;
  void on(monotonic_time now, const message& m, const vote_request& r);
  void on(monotonic_time now, const message& m, const vote_reply& r);
  void on(monotonic_time now, const message& m, const timeout_now& r);

  // Following.
  bool follow(monotonic_time now, const message& m);
  void take_entries(const append_request& r);
  void append(const entry_head& e);
  void truncate_from(std::int64_t from);
  void commit_what_is_known();
  void refuse(const member& to, const append_request& r);
  void confirm(std::int64_t number);
  void on(monotonic_time now, const message& m, const append_request& r);
  void on(monotonic_time now, const message& m, const snapshot_request& r);
  bool has_snapshot_content(entry_id at) const;

  // Finding a leader.
  void seek(monotonic_time now);
  void subscribe_to(const member& leader);
  void on(monotonic_time now, const message& m, const subscribe_request& r);
  void on(monotonic_time now, const message& m, const subscribe_reply& r);

  // Leading.
  void become_leader(monotonic_time now);
  void lead_on(monotonic_time now);
  void resign(monotonic_time now);
  entry_id append_own();
  void meet_voters(monotonic_time now);
  entry_id before(const progress& p) const;
  void offer(monotonic_time now, const member& to, progress& p);
  void notify(monotonic_time now, const member& to, progress& p);
  void notify_all(monotonic_time now);
  void order_append(const member& to, progress& p, entry_id prev, std::int64_t until);
  void order_piece(monotonic_time now, const member& to, progress& p);
  void begin_snapshot(monotonic_time now, const member& to, progress& p);
  void advance_commit(monotonic_time now);
  void drop_silent_learners(monotonic_time now);
  monotonic_time next_heartbeat(monotonic_time now) const;
  void on(monotonic_time now, const message& m, const append_reply& r);
  void on(monotonic_time now, const message& m, const snapshot_reply& r);

  // Changes of the voters, and of the leader.
  error check_leads() const;
  error check_change(monotonic_time now, const voter_set& wished) const;
  error check_added(monotonic_time now, const member& added) const;
  monotonic_time majority_heard_at(monotonic_time now, const voter_set& voters) const;
  bool heard_lately(monotonic_time now, const member& who) const;
  std::optional<member> best_successor(monotonic_time now) const;
  void try_hand_over();

  options how_;
  effects out_;
  monotonic_time deadline_;
  std::uint64_t random_;

  // What must not be forgotten, and what of it is known to be durable.
  std::int64_t term_ = 0;
  node_id voted_for_ = metadata::no_node;
  directory_id voted_directory_;  ///< of a vote since the start; a node whose earlier one is not known gets no second
  metadata::quorum_state persisted_;

  log_terms terms_;
  voter_history voters_;
  std::int64_t durable_ = 0;
  std::int64_t commit_ = 0;
  entry_id snapshot_;
  entry_id older_snapshot_;

  raft::role role_ = raft::role::follower;
  member leader_ = nobody;       ///< who is followed now
  member term_leader_ = nobody;  ///< who led in this term, be it heard of or not
  std::optional<monotonic_time> leader_heard_at_;

  // Prospective and candidate.
  std::int64_t round_ = 0;
  std::set<member> granted_;
  std::set<member> refused_;

  // Follower.
  std::int64_t matched_ = 0;         ///< up to here the log is the leader's
  std::int64_t confirmed_ = 0;       ///< what the leader was told of that
  std::int64_t leader_commit_ = -1;  ///< what it said is committed; -1 nothing yet
  std::int64_t last_number_ = 0;     ///< of its requests
  struct {
    entry_id at;
    std::int64_t next_offset = 0;
  } receiving_;
  std::optional<entry_id> installing_;
  int attempts_ = 0;  ///< to find or become a leader, since one was heard of
  int redirects_ = 0;

  // Leader.
  std::map<member, progress> peers_;
  std::map<member, view::peer> silent_;  ///< learners that were given up in this term
  std::int64_t first_of_term_ = 0;
  struct hand_over {
    member to;
    monotonic_time until;
  };
  std::optional<hand_over> hand_over_;

  /// What the caller was last told of.
  struct told {
    raft::role role;
    member leader;
    std::int64_t term;
    std::int64_t voters_changed_at;
    bool operator==(const told&) const = default;
  };
  told state() const { return {role_, leader_, term_, voters_.changed_at()}; }
  told told_;
};

}  // namespace troupe::raft
