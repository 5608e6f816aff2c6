#include "runtime/raft/participant.hpp"

#include "runtime/base/invariant.hpp"
#include "runtime/base/mutation.hpp"

#include <algorithm>
#include <utility>

namespace troupe::raft {

namespace {

constexpr int soon_doublings_max = 3;  // to the election time-out itself

}  // namespace

participant::participant(const options& how, opening found, monotonic_time now)
    : how_(how), deadline_(now), random_(how.seed), term_(std::max(found.vote.term, found.terms.last().term)),
      voted_for_(found.vote.voted_for), persisted_(found.vote), terms_(std::move(found.terms)),
      voters_(found.snapshot.index, std::move(found.voters)), durable_(terms_.last().index),
      commit_(found.snapshot.index), snapshot_(found.snapshot), older_snapshot_(found.snapshot), told_(state()) {
  TROUPE_INVARIANT(terms_.base().index <= commit_ && commit_ <= terms_.last().index,
                   "the journal begins at or below the newest snapshot and reaches as far");
  // The log of a new cluster is made before there is a vote. Whatever else it may be: no second vote in that term.
  if (term_ > found.vote.term)
    voted_for_ = how_.self.node;
  if (mutation("M14"))
    voted_for_ = metadata::no_node;
  for (auto& c : found.changes)
    voters_.append(c.index, std::move(c.voters));
  matched_ = commit_;
  told_ = state();
  if (stands() && !(is_voter() && majority_of(voters_.current()) == 1))
    rest(now);
}

effects participant::finish() {
  const metadata::quorum_state now{term_, voted_for_};
  if (now != persisted_) {
    out_.persist = now;
    persisted_ = now;
  }
  const auto after = state();
  out_.changed = after != told_;
  told_ = after;
  return std::exchange(out_, {});
}

void participant::send(const member& to, decltype(message::body) body) {
  out_.send.push_back({how_.self, to, term_, std::move(body)});
}

effects participant::tick(monotonic_time now) {
  if (now < deadline_)
    return {};
  if (role_ == role::leader)
    lead_on(now);
  else if (installing_)
    rest(now);  // the log is about to be another one
  else if (stands())
    campaign(now);
  else
    seek(now);
  return finish();
}

effects participant::step(monotonic_time now, const message& m) {
  const bool anybody_will_do = std::holds_alternative<subscribe_request>(m.body)
                               && (m.to == nobody || m.to == member{how_.self.node, {}});
  if ((m.to == how_.self || anybody_will_do) && m.from != how_.self)
    receive(now, m);
  return finish();
}

void participant::receive(monotonic_time now, const message& m) {
  if (m.term > term_ && adopts_term_of(now, m))
    become_follower(now, m.term);
  std::visit([&](const auto& body) { on(now, m, body); }, m.body);
}

effects participant::durable(monotonic_time now, std::int64_t index) {
  durable_ = std::max(durable_, std::min(index, terms_.last().index));
  if (role_ == role::leader) {
    advance_commit(now);
  } else {
    commit_what_is_known();
    if (leader_ != nobody && std::min(durable_, matched_) > confirmed_)
      confirm(last_number_);
  }
  return finish();
}

effects participant::lost(monotonic_time now, node_id node) {
  if (role_ != role::follower || leader_.node != node)
    return {};
  leader_ = nobody;
  leader_heard_at_.reset();
  ask_soon(now);
  return finish();
}

/// Not all at once: the first one that asks shall win. Not at the same moment either: others notice a little later, and
/// send whoever asks before that back to the leader that is gone. Where votes take long on their way, candidates that
/// met would meet again and again: each attempt that failed doubles the time from which the next one is drawn.
void participant::ask_soon(monotonic_time now) {
  const auto window = how_.election_timeout / 8 * (1 << std::min(attempts_, soon_doublings_max));
  deadline_ = std::min(deadline_, now + how_.election_timeout / 64 + draw(window));
}

void participant::commit_to(std::int64_t index) {
  commit_ = index;
  voters_.commit(index);
  out_.commit = index;
}

bool participant::hears_leader(monotonic_time now) const {
  return role_ == role::leader
         || (leader_ != nobody && leader_heard_at_ && now - *leader_heard_at_ < how_.election_timeout);
}

/// Until when to wait for a leader's sign of life.
void participant::rest(monotonic_time now) {
  deadline_ = now + how_.election_timeout + draw(how_.election_timeout);
}

std::int64_t participant::next_random() {
  random_ += 0x9e3779b97f4a7c15ULL;  // splitmix64
  auto z = random_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return static_cast<std::int64_t>((z ^ (z >> 31)) >> 1);
}

std::chrono::nanoseconds participant::draw(std::chrono::nanoseconds below) {
  return std::chrono::nanoseconds{next_random() % std::max<std::int64_t>(below.count(), 1)};
}

void participant::sent_until(const append_order& order, std::int64_t until) {
  const auto to = peers_.find(order.request.to);
  if (role_ == role::leader && order.request.term == term_ && to != peers_.end())
    to->second.sent_until(std::get<append_request>(order.request.body).number, until);
}

void participant::compacted(entry_id snapshot, std::int64_t first_index) {
  TROUPE_INVARIANT(snapshot.index <= commit_, "a snapshot is taken of what is committed");
  if (snapshot != snapshot_)
    older_snapshot_ = std::exchange(snapshot_, snapshot);
  if (first_index - 1 > terms_.base().index)
    terms_.compact_to(first_index - 1);
}

view participant::view() const {
  raft::view out;
  out.role = role_;
  out.is_voter = is_voter();
  out.is_active = role_ == role::leader && commit_ >= first_of_term_;
  out.is_caught_up = role_ == role::leader ? out.is_active
                                           : leader_ != nobody && leader_commit_ >= 0 && commit_ >= leader_commit_;
  out.term = term_;
  out.leader = leader_;
  out.last = terms_.last();
  out.durable = durable_;
  out.commit = commit_;
  out.voters = voters_.current();
  out.voters_changed_at = voters_.changed_at();
  for (const auto& [id, p] : peers_)
    out.peers.push_back({id, contains(out.voters, id), p.match(), out.last.index - p.match(), p.heard_at(),
                         p.caught_up_at()});
  for (const auto& [id, p] : silent_)
    if (!contains(out.voters, id)) {
      out.silent.push_back(p);
      out.silent.back().lag = out.last.index - p.match;
    }
  return out;
}

}  // namespace troupe::raft
