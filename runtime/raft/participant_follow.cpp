// Following a leader: entries, snapshots, and finding one to follow.
#include "runtime/base/invariant.hpp"
#include "runtime/base/sites.hpp"
#include "runtime/raft/bounds.hpp"
#include "runtime/raft/participant.hpp"

#include <algorithm>

namespace troupe::raft {

/// The sender leads in this term. False for one of an earlier term, and while the log is being replaced.
bool participant::follow(monotonic_time now, const message& m) {
  if (m.term < term_)
    return false;
  TROUPE_INVARIANT(role_ != role::leader, "there is one leader in a term");
  TROUPE_INVARIANT(term_leader_ == nobody || term_leader_ == m.from, "there is one leader in a term");
  if (role_ != role::follower)
    become_follower(now, term_);
  term_leader_ = m.from;
  leader_ = m.from;
  leader_heard_at_ = now;
  attempts_ = 0;
  rest(now);
  return !installing_;
}

void participant::on(monotonic_time now, const message& m, const append_request& r) {
  if (!follow(now, m)) {
    // An old leader learns the term; the present one that this member is alive, and nothing else.
    m.term < term_ ? send(m.from, append_reply{false, 0, {}, 0}) : confirm(0);
    return;
  }
  last_number_ = std::max(last_number_, r.number);
  const auto mine = terms_.term_at(r.prev.index);
  if (r.prev.index > terms_.last().index || (mine && *mine != r.prev.term)) {
    refuse(m.from, r);
    return;
  }
  take_entries(r);
  matched_ = std::max(matched_, r.prev.index + static_cast<std::int64_t>(r.entries.size()));
  leader_commit_ = std::max(leader_commit_, r.commit);
  commit_what_is_known();
  rest(now);
  if (!out_.append_received)
    confirm(r.number);  // otherwise when they are durable
}

void participant::refuse(const member& to, const append_request& r) {
  TROUPE_INVARIANT(r.prev.index > commit_, "what is committed here is in every leader's log");
  auto hint = terms_.newest_not_above({r.prev.index - 1, r.prev.term});
  if (!hint || hint->index < commit_)
    hint = entry_id{commit_, *terms_.term_at(commit_)};
  send(to, append_reply{false, std::min(durable_, matched_), *hint, r.number});
}

void participant::confirm(std::int64_t number) {
  confirmed_ = std::min(durable_, matched_);
  send(leader_, append_reply{true, confirmed_, {}, number});
}

void participant::take_entries(const append_request& r) {
  auto index = r.prev.index;
  for (const auto& e : r.entries) {
    ++index;
    const auto mine = terms_.term_at(index);
    if (index <= terms_.base().index || (mine && *mine == e.term))
      continue;
    if (mine)
      truncate_from(index);
    if (!out_.append_received)
      out_.append_received = entry_range{index, index};
    append(e);
    ++out_.append_received->until;
  }
}

void participant::append(const entry_head& e) {
  terms_.append(e.term);
  if (e.voters)
    voters_.append(terms_.last().index, *e.voters);
}

void participant::truncate_from(std::int64_t from) {
  TROUPE_INVARIANT(from > commit_ && from > matched_, "an entry that is committed is never cut off");
  probe("metadata entries cut off");
  terms_.truncate_from(from);
  voters_.truncate_from(from);
  durable_ = std::min(durable_, from - 1);
  out_.truncate_from = from;
}

/// What the leader has committed, as far as the log is known to be its own. What was applied must not be missing after
/// a crash, so it must be durable here too.
void participant::commit_what_is_known() {
  const auto index = std::min({leader_commit_, matched_, durable_});
  if (index > commit_)
    commit_to(index);
}

bool participant::has_snapshot_content(entry_id at) const {
  return at.index <= commit_ || terms_.term_at(at.index) == at.term;
}

void participant::on(monotonic_time now, const message& m, const snapshot_request& r) {
  if (!follow(now, m)) {
    if (m.term < term_)
      send(m.from, append_reply{false, 0, {}, 0});
    return;
  }
  if (has_snapshot_content(r.at)) {
    matched_ = std::max(matched_, r.at.index);
    leader_commit_ = std::max(leader_commit_, r.at.index);
    commit_what_is_known();
    confirm(0);
    return;
  }
  if (r.at != receiving_.at)
    receiving_ = {r.at, 0};
  if (r.offset != receiving_.next_offset) {
    send(m.from, snapshot_reply{r.at, receiving_.next_offset, r.number});
    return;
  }
  if (r.size > bounds::raft_snapshot_bytes_max - r.offset)
    return;
  out_.keep_piece = r;
  receiving_.next_offset += r.size;
  if (r.last)
    out_.install = installing_ = r.at;
  else
    send(m.from, snapshot_reply{r.at, receiving_.next_offset, r.number});
}

effects participant::installed(monotonic_time now, voter_set voters) {
  TROUPE_INVARIANT(installing_ && role_ != role::leader, "a snapshot was to be installed");
  const auto at = *std::exchange(installing_, std::nullopt);
  TROUPE_INVARIANT(at.index > commit_, "a snapshot is installed to go forward");
  terms_ = log_terms{at};
  voters_ = voter_history{at.index, std::move(voters)};
  durable_ = commit_ = matched_ = at.index;
  snapshot_ = older_snapshot_ = at;
  receiving_ = {};
  rest(now);
  if (leader_ != nobody)
    confirm(0);
  return finish();
}

void participant::install_failed() {
  installing_.reset();
  receiving_ = {};
}

// -- finding a leader -----------------------------------------------------------------------------------------------

/// A learner that hears nothing asks one node after the other: first who led, then the voters, then whoever the caller
/// knows an address of.
void participant::seek(monotonic_time now) {
  std::vector<member> known;
  if (leader_ != nobody)
    known.push_back(leader_);
  for (const auto& v : voters_.current())
    if (v.id.node != how_.self.node)
      known.push_back(v.id);
  known.push_back(nobody);
  leader_ = nobody;
  leader_heard_at_.reset();
  redirects_ = 0;
  subscribe_to(known[static_cast<std::size_t>(attempts_++) % known.size()]);
  deadline_ = now + how_.heartbeat_interval + draw(how_.heartbeat_interval);
}

void participant::subscribe_to(const member& leader) {
  send(leader, subscribe_request{terms_.last()});
}

void participant::on(monotonic_time now, const message& m, const subscribe_request& r) {
  if (role_ != role::leader) {
    send(m.from, subscribe_reply{hears_leader(now) ? leader_ : nobody});
    return;
  }
  auto known = peers_.find(m.from);
  if (known == peers_.end()) {
    if (peers_.size() >= bounds::raft_voters_max + bounds::raft_learners_max)
      return;
    known = peers_.emplace(m.from, progress{terms_.last().index + 1, now}).first;
    silent_.erase(m.from);
    deadline_ = std::min(deadline_, next_heartbeat(now));
  }
  auto& p = known->second;
  p.heard(now);
  const auto common = terms_.newest_not_above(r.last);
  p.restart(common ? common->index + 1 : 0);
  notify(now, m.from, p);
}

void participant::on(monotonic_time now, const message&, const subscribe_reply& r) {
  if (hears_leader(now) || r.leader == nobody || r.leader == how_.self || redirects_ >= bounds::raft_redirects_max)
    return;
  ++redirects_;
  subscribe_to(r.leader);
}

}  // namespace troupe::raft
