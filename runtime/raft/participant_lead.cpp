// Leading: pushing the log to all who want it, and committing what enough voters have.
#include "runtime/base/invariant.hpp"
#include "runtime/base/mutation.hpp"
#include "runtime/base/sites.hpp"
#include "runtime/raft/bounds.hpp"
#include "runtime/raft/participant.hpp"

#include <algorithm>
#include <functional>

namespace troupe::raft {

namespace {

/// A learner is forgotten after this many election time-outs of silence; it subscribes again when it is alive.
constexpr int learner_silence_max = 3;

}  // namespace

void participant::become_leader(monotonic_time now) {
  role_ = role::leader;
  leader_ = term_leader_ = how_.self;
  attempts_ = 0;
  granted_.clear();
  meet_voters(now);
  deadline_ = next_heartbeat(now);
  // Entries of earlier terms are committed by one of the own term only.
  out_.append_own = append_own();
  first_of_term_ = terms_.last().index;
  notify_all(now);
}

/// What a leader does every heartbeat interval.
void participant::lead_on(monotonic_time now) {
  if (now - majority_heard_at(now, voters_.current()) > how_.election_timeout && !mutation("M16")) {
    probe("leader resigns without a quorum");
    become_follower(now, term_);
    return;
  }
  if (hand_over_ && now >= hand_over_->until)
    hand_over_.reset();
  drop_silent_learners(now);
  deadline_ = next_heartbeat(now);
  notify_all(now);
  try_hand_over();
}

/// Whoever leads nobody but itself needs no timer.
monotonic_time participant::next_heartbeat(monotonic_time now) const {
  return peers_.empty() && !hand_over_ ? monotonic_time::max() : now + how_.heartbeat_interval;
}

/// Makes way for a leader of the next term.
void participant::resign(monotonic_time now) {
  if (const auto next = best_successor(now))
    send(*next, timeout_now{});
  become_follower(now, term_);
}

entry_id participant::append_own() {
  terms_.append(term_);
  return terms_.last();
}

/// Every voter is pushed to; who has ceased to be one goes on as a learner.
void participant::meet_voters(monotonic_time now) {
  for (const auto& v : voters_.current())
    if (v.id != how_.self)
      peers_.try_emplace(v.id, progress{terms_.last().index + 1, now});
  deadline_ = std::min(deadline_, next_heartbeat(now));
}

void participant::drop_silent_learners(monotonic_time now) {
  std::erase_if(peers_, [&](const auto& known) {
    const auto& [id, p] = known;
    if (contains(voters_.current(), id) || now - p.heard_at() <= learner_silence_max * how_.election_timeout)
      return false;
    if (silent_.size() < bounds::raft_learners_max)
      silent_[id] = {id, false, p.match(), 0, p.heard_at(), p.caught_up_at()};
    return true;
  });
}

// -- pushing --------------------------------------------------------------------------------------------------------

entry_id participant::before(const progress& p) const {
  return {p.next() - 1, *terms_.term_at(p.next() - 1)};
}

void participant::order_append(const member& to, progress& p, entry_id prev, std::int64_t until) {
  const auto number = p.take_number();
  if (until > prev.index + 1)
    p.sent(number, until);
  out_.appends.push_back({{how_.self, to, term_, append_request{prev, {}, commit_, number}}, until});
}

/// Sends what the member does not have, if more may be on its way.
void participant::offer(monotonic_time now, const member& to, progress& p) {
  if (p.mode() != progress_mode::snapshotting && p.next() - 1 < terms_.base().index)
    begin_snapshot(now, to, p);
  if (p.may_send_entries() && p.next() <= terms_.last().index)
    order_append(to, p, before(p), std::min(terms_.last().index + 1, p.next() + bounds::raft_entries_per_append_max));
}

/// Sends something in any case: it shows that the leader is alive and how much is committed, and makes a member that
/// has missed a message say so.
void participant::notify(monotonic_time now, const member& to, progress& p) {
  const auto orders_before = out_.appends.size();
  offer(now, to, p);
  if (p.mode() == progress_mode::snapshotting) {
    order_append(to, p, {}, 1);
    if (now - p.snapshot().sent_at >= how_.election_timeout)
      order_piece(now, to, p);
  } else if (out_.appends.size() == orders_before) {
    order_append(to, p, before(p), p.next());
  }
}

void participant::notify_all(monotonic_time now) {
  for (auto& [id, p] : peers_)
    notify(now, id, p);
}

void participant::begin_snapshot(monotonic_time now, const member& to, progress& p) {
  TROUPE_INVARIANT(snapshot_.index >= terms_.base().index, "a snapshot stands for the entries that are gone");
  p.begin_snapshot(snapshot_);
  order_piece(now, to, p);
}

void participant::order_piece(monotonic_time now, const member& to, progress& p) {
  auto& s = p.snapshot();
  if (s.at != snapshot_ && s.at != older_snapshot_)
    s = {snapshot_};  // the one that was being sent is not kept any more
  s.number = p.take_number();
  s.sent_at = now;
  out_.snapshots.push_back({{how_.self, to, term_, snapshot_request{s.at, s.offset, 0, false, s.number}}});
}

void participant::on(monotonic_time now, const message& m, const append_reply& r) {
  const auto known = peers_.find(m.from);
  if (role_ != role::leader || m.term < term_ || known == peers_.end() || r.match > terms_.last().index)
    return;
  auto& [to, p] = *known;
  p.heard(now);
  p.accepted(r.accepted ? r.number : 0, r.match);
  if (p.match() == terms_.last().index)
    p.caught_up(now);
  if (p.mode() == progress_mode::snapshotting && p.match() >= std::min(terms_.base().index, p.snapshot().at.index))
    p.restart(p.match() + 1);
  bool go_on = r.accepted;
  if (!r.accepted) {
    const auto common = terms_.newest_not_above(r.hint);
    go_on = p.refused(r.number, common ? common->index + 1 : 0);
  }
  const auto committed = commit_;
  advance_commit(now);
  if (role_ != role::leader || commit_ != committed)
    return;  // all have been notified
  if (go_on)
    offer(now, to, p);
  try_hand_over();
}

void participant::on(monotonic_time now, const message& m, const snapshot_reply& r) {
  const auto known = peers_.find(m.from);
  if (role_ != role::leader || m.term < term_ || known == peers_.end())
    return;
  auto& [to, p] = *known;
  p.heard(now);
  auto& s = p.snapshot();
  if (p.mode() != progress_mode::snapshotting || r.at != s.at || r.number != s.number)
    return;
  s.offset = r.next_offset;
  order_piece(now, to, p);
}

// -- committing -----------------------------------------------------------------------------------------------------

/// An entry is committed when it is durable at a majority of the voters, and is of this term: one of an earlier term
/// could still be replaced (Raft 5.4.2). It is applied, so it must be durable here as well.
void participant::advance_commit(monotonic_time now) {
  const auto& voters = voters_.current();
  std::vector<std::int64_t> durable_at;
  for (const auto& v : voters) {
    const auto known = peers_.find(v.id);
    durable_at.push_back(v.id == how_.self ? durable_ : known != peers_.end() ? known->second.match() : 0);
  }
  std::sort(durable_at.begin(), durable_at.end(), std::greater{});
  const auto index = std::min(durable_at[majority_of(voters) - 1], durable_);
  if (index <= commit_ || (index < first_of_term_ && !mutation("M15")))
    return;
  commit_to(index);
  notify_all(now);
  try_hand_over();
  if (!is_voter() && voters_.changed_at() <= commit_)
    resign(now);
}

}  // namespace troupe::raft
