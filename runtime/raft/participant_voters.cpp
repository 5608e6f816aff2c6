// Changes of the voters, one at a time, and of the leader.
#include "runtime/base/mutation.hpp"
#include "runtime/raft/bounds.hpp"
#include "runtime/raft/participant.hpp"

#include <algorithm>
#include <functional>

namespace troupe::raft {

namespace {

/// How two voter sets differ.
struct difference {
  std::vector<member> added;
  std::vector<member> removed;
  std::size_t moved = 0;  ///< same member, other endpoint
};

difference compare(const voter_set& before, const voter_set& after) {
  difference out;
  for (const auto& v : after) {
    if (!contains(before, v.id))
      out.added.push_back(v.id);
    else if (std::find(before.begin(), before.end(), v) == before.end())
      ++out.moved;
  }
  for (const auto& v : before)
    if (!contains(after, v.id))
      out.removed.push_back(v.id);
  return out;
}

bool names_a_node_twice(const voter_set& voters) {
  std::set<node_id> nodes;
  return !std::all_of(voters.begin(), voters.end(), [&](const voter& v) { return nodes.insert(v.id.node).second; });
}

}  // namespace

error participant::check_leads() const {
  if (role_ != role::leader)
    return make_error(errc::not_leader, "node " + to_string(how_.self) + " does not lead the metadata quorum; "
                                          + to_string(leader_) + " does as far as it knows");
  if (hand_over_)
    return make_error(errc::handing_over, "node " + to_string(how_.self) + " is handing the metadata quorum over to "
                                            + to_string(hand_over_->to) + "; try again");
  return {};
}

expected<effects> participant::propose(monotonic_time now) {
  if (auto refused = check_leads())
    return refused;
  out_.append_own = append_own();
  for (auto& [id, p] : peers_)
    offer(now, id, p);
  return finish();
}

expected<effects> participant::propose_voters(monotonic_time now, const voter_set& voters) {
  if (auto refused = check_leads())
    return refused;
  if (auto refused = check_change(now, voters))
    return refused;
  out_.append_own = append_own();
  voters_.append(terms_.last().index, voters);
  meet_voters(now);
  notify_all(now);
  return finish();
}

error participant::check_change(monotonic_time now, const voter_set& wished) const {
  if (voters_.changed_at() > commit_)
    return make_error(errc::change_pending, "an earlier change of the voters is not committed yet; try again");
  // The published flaw of single-server changes: without this, two leaders could each count a change of their own.
  if (commit_ < first_of_term_ && !mutation("M33"))
    return make_error(errc::term_not_committed, "this leader has not committed an entry of its own yet; try again");
  const auto diff = compare(voters_.current(), wished);
  for (const auto& m : diff.added)
    if (contains_node(voters_.current(), m.node))
      return make_error(errc::duplicate_voter, "node " + to_string(m) + " is a voter, with another directory id; "
                                               "remove that voter first");
  if (wished.empty() || wished.size() > bounds::raft_voters_max || names_a_node_twice(wished)
      || diff.added.size() + diff.removed.size() + diff.moved != 1)
    return make_error(errc::invalid_change, "voters are added, removed or moved one at a time, each node once; at "
                                            "least one stays and at most "
                                              + std::to_string(bounds::raft_voters_max));
  if (!diff.added.empty())
    if (auto refused = check_added(now, diff.added.front()))
      return refused;
  if (now - majority_heard_at(now, wished) > how_.election_timeout)
    return make_error(errc::quorum_out_of_reach, "too few of the wished voters have been heard of lately: the change "
                                                 "could not be committed");
  return {};
}

error participant::check_added(monotonic_time now, const member& added) const {
  const auto known = peers_.find(added);
  if (known == peers_.end() || !heard_lately(now, added))
    return make_error(errc::not_caught_up, "node " + to_string(added) + " with that directory id has not been heard of "
                                           "lately; start it first");
  const auto lag = terms_.last().index - known->second.match();
  if (lag > bounds::raft_voter_lag_max)
    return make_error(errc::not_caught_up, "node " + to_string(added) + " lacks " + std::to_string(lag)
                                             + " entries of the metadata log; try again");
  return {};
}

bool participant::heard_lately(monotonic_time now, const member& who) const {
  const auto known = peers_.find(who);
  return known != peers_.end() && now - known->second.heard_at() <= how_.election_timeout;
}

/// When the last majority of `voters` was heard of; this member hears itself.
monotonic_time participant::majority_heard_at(monotonic_time now, const voter_set& voters) const {
  const auto too_long_ago = now - 2 * how_.election_timeout;
  std::vector<monotonic_time> heard_at;
  for (const auto& v : voters) {
    const auto known = peers_.find(v.id);
    heard_at.push_back(v.id == how_.self ? now : known != peers_.end() ? known->second.heard_at() : too_long_ago);
  }
  std::sort(heard_at.begin(), heard_at.end(), std::greater{});
  return heard_at[majority_of(voters) - 1];
}

std::optional<member> participant::best_successor(monotonic_time now) const {
  std::optional<member> best;
  for (const auto& v : voters_.current())
    if (heard_lately(now, v.id) && (!best || peers_.at(v.id).match() > peers_.at(*best).match()))
      best = v.id;
  return best;
}

expected<effects> participant::transfer_leadership(monotonic_time now) {
  if (auto refused = check_leads(); refused && !is(refused, errc::handing_over))
    return refused;
  const auto next = best_successor(now);
  if (!next)
    return make_error(errc::no_successor, "no other voter of the metadata quorum has been heard of lately");
  hand_over_ = {*next, now + how_.election_timeout};
  try_hand_over();
  return finish();
}

/// As soon as the successor has everything: nobody could have more, so it wins.
void participant::try_hand_over() {
  if (role_ == role::leader && hand_over_ && peers_.at(hand_over_->to).match() == terms_.last().index)
    send(hand_over_->to, timeout_now{});
}

}  // namespace troupe::raft
