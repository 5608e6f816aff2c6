// Elections: asking first whether one could be won, voting, taking over.
#include "runtime/base/mutation.hpp"
#include "runtime/base/sites.hpp"
#include "runtime/raft/participant.hpp"

#include <algorithm>

namespace troupe::raft {

namespace {

constexpr int fruitless_attempts_max = 2;  // to win an election, before others than the voters are asked who leads

}  // namespace

/// A question changes nothing, and whoever hears from a leader is not talked out of it: a member that was cut off, or
/// is no voter any more, must not topple a leader that the others are content with.
bool participant::adopts_term_of(monotonic_time now, const message& m) const {
  if (const auto* vote = std::get_if<vote_request>(&m.body))
    return !vote->pre && (vote->handed_over || !hears_leader(now));
  return true;
}

void participant::become_follower(monotonic_time now, std::int64_t term) {
  if (term > term_) {
    term_ = term;
    voted_for_ = metadata::no_node;
    term_leader_ = nobody;
  }
  if (role_ != role::follower)
    rest(now);
  role_ = role::follower;
  leader_ = nobody;
  leader_heard_at_.reset();
  peers_.clear();
  silent_.clear();
  hand_over_.reset();
  granted_.clear();
  refused_.clear();
  matched_ = commit_;
  confirmed_ = 0;
  leader_commit_ = -1;
  receiving_ = {};
}

void participant::campaign(monotonic_time now) {
  become_follower(now, term_);
  role_ = role::prospective;
  redirects_ = 0;
  rest(now);
  ask_for_votes(true, false);
  if (has_majority()) {
    elect(now, false);
    return;
  }
  // Perhaps the voters that are known here are none any more.
  if (++attempts_ > fruitless_attempts_max)
    subscribe_to(nobody);
}

void participant::elect(monotonic_time now, bool handed_over) {
  become_follower(now, term_ + 1);
  role_ = role::candidate;
  voted_for_ = how_.self.node;
  voted_directory_ = how_.self.directory;
  rest(now);
  ask_for_votes(false, handed_over);
  if (has_majority())
    become_leader(now);
}

void participant::ask_for_votes(bool pre, bool handed_over) {
  ++round_;
  granted_ = {how_.self};
  refused_.clear();
  for (const auto& v : voters_.current())
    if (v.id != how_.self)
      send(v.id, vote_request{pre, handed_over, terms_.last(), round_});
}

bool participant::has_majority() const {
  const auto& voters = voters_.current();
  const auto in_favour =
      std::count_if(voters.begin(), voters.end(), [&](const voter& v) { return granted_.contains(v.id); });
  return static_cast<std::size_t>(in_favour) >= majority_of(voters);
}

bool participant::may_vote_for(const member& candidate) const {
  if (voted_for_ == metadata::no_node)
    return term_leader_ == nobody;
  return voted_for_ == candidate.node && voted_directory_ == candidate.directory;
}

void participant::on(monotonic_time now, const message& m, const vote_request& r) {
  vote_reply reply{r.pre, false, r.round};
  const bool content = hears_leader(now) && !r.handed_over;
  if (m.term >= term_ && !content && is_as_new(r.last, terms_.last()))
    reply.granted = r.pre || (m.term == term_ && may_vote_for(m.from));
  if (reply.granted && !r.pre) {
    voted_for_ = m.from.node;
    voted_directory_ = m.from.directory;
    if (mutation("M13"))
      persisted_ = {term_, voted_for_};
    role_ = role::follower;
    rest(now);
  }
  if (!reply.granted && hears_leader(now))
    reply.leader = leader_;
  else if (!reply.granted && role_ == role::follower && stands() && !is_as_new(r.last, terms_.last()))
    ask_soon(now);  // nobody leads, and whoever asks cannot
  send(m.from, reply);
}

void participant::on(monotonic_time now, const message& m, const vote_reply& r) {
  if (role_ != (r.pre ? role::prospective : role::candidate) || r.round != round_)
    return;
  if (r.granted) {
    granted_.insert(m.from);
    if (has_majority())
      r.pre ? elect(now, false) : become_leader(now);
    return;
  }
  if (r.leader != nobody && r.leader != how_.self && redirects_ == 0) {
    // Perhaps the leader sends nothing because it does not know this member as a voter any more.
    ++redirects_;
    subscribe_to(r.leader);
  }
  // Whoever is refused by voters that follow nobody has met another candidate: the next round need not wait for the
  // answers of those that are gone.
  if (r.leader == nobody)
    probe("vote refused by one who follows nobody");
  if (r.leader == nobody && refused_.insert(m.from).second)
    ask_soon(now);
}

void participant::on(monotonic_time now, const message& m, const timeout_now&) {
  if (m.term == term_ && role_ != role::leader && is_voter() && !installing_)
    elect(now, true);
}

}  // namespace troupe::raft
