#include "world.hpp"

#include "runtime/base/invariant.hpp"

#include <algorithm>

namespace troupe::raft::test {

namespace {

std::uint64_t chained(std::uint64_t before, const stored& e) {
  auto h = before * 1099511628211ULL ^ static_cast<std::uint64_t>(e.term);
  h = h * 1099511628211ULL ^ static_cast<std::uint64_t>(e.command);
  if (e.voters)
    for (const auto& v : *e.voters)
      h = h * 1099511628211ULL ^ static_cast<std::uint64_t>(v.id.node.value * 256 + v.id.directory.value.bytes[15] + 1);
  return h * 1099511628211ULL ^ 0xff;
}

/// What a snapshot's file holds.
std::string content_of(const image& i) {
  return "state after " + std::to_string(i.at.index) + " is " + std::to_string(i.chain);
}

}  // namespace

std::uint64_t site::chain_at(std::int64_t index) const {
  if (has(index))
    return entry(index).chain;
  return index == snapshot.at.index ? snapshot.chain : index == older_snapshot.at.index ? older_snapshot.chain : 0;
}

voter world::voter_of(const member& id) const {
  return {id, "host" + std::to_string(id.node.value), 9093};
}

site& world::add_node(std::int32_t node) {
  auto& s = sites_[node_id{node}];
  s.id.node = node_id{node};
  wipe(s);
  return s;
}

void world::found(const std::vector<std::int32_t>& voters) {
  voter_set all;
  for (auto v : voters)
    all.push_back(voter_of(add_node(v).id));
  for (auto v : voters) {
    auto& s = at(v);
    append(s, 1, {1, 0, all});
    s.durable = 1;
    s.vote.term = 1;
    start(s);
  }
}

void world::start(site& s) {
  opening found;
  found.terms = log_terms{s.first_index == s.snapshot.at.index + 1 ? s.snapshot.at
                          : s.first_index == 1                     ? entry_id{}
                                                                   : s.older_snapshot.at};
  for (auto i = s.first_index; i <= s.last_index(); ++i) {
    found.terms.append(s.entry(i).term);
    if (i > s.snapshot.at.index && s.entry(i).voters)
      found.changes.push_back({i, *s.entry(i).voters});
  }
  found.snapshot = s.snapshot.at;
  found.voters = s.snapshot.voters;
  found.vote = s.vote;
  s.durable = s.last_index();
  s.applied = s.snapshot;
  s.pieces.clear();
  s.heard_at.clear();
  const options how{s.id, election_timeout, heartbeat_interval, seed_ * 1000 + ++formats_};
  s.runs = std::make_unique<participant>(how, std::move(found), now_);
}

void world::crash(site& s, std::int64_t kept) {
  s.runs.reset();
  const auto left = std::min(s.last_index(), s.durable + kept);
  s.entries.resize(static_cast<std::size_t>(left - s.first_index + 1));
}

void world::wipe(site& s) {
  const auto node = s.id.node;
  had_[s.id] = s.durable;
  s = {};
  s.id.node = node;
  s.id.directory.value.bytes[15] = static_cast<std::uint8_t>(++formats_);
  s.id.directory.value.bytes[0] = static_cast<std::uint8_t>(formats_ >> 8);
  start(s);
}

bool world::compact(site& s, bool all) {
  if (!s.runs || s.applied.at.index <= s.snapshot.at.index)
    return false;
  s.older_snapshot = std::exchange(s.snapshot, s.applied);
  const auto first = (all ? s.snapshot : s.older_snapshot).at.index + 1;
  if (first > s.first_index) {
    s.entries.erase(s.entries.begin(), s.entries.begin() + (first - s.first_index));
    s.first_index = first;
  }
  s.runs->compacted(s.snapshot.at, s.first_index);
  return true;
}

// -- what can happen ------------------------------------------------------------------------------------------------

std::string world::tick(site& s) {
  auto text = carry_out(s, s.runs->tick(now_), {});
  if (s.runs)
    check_quorum(s);
  return text;
}

std::string world::deliver(site& s, const packet& p) {
  s.heard_at[p.message.from] = now_;
  return carry_out(s, s.runs->step(now_, p.message), {&p});
}

std::string world::sync(site& s, std::int64_t index) {
  s.durable = std::max(s.durable, std::min(index, s.last_index()));
  return carry_out(s, s.runs->durable(now_, s.durable), {});
}

std::string world::lost(site& s, node_id node) {
  return carry_out(s, s.runs->lost(now_, node), {});
}

std::string world::propose(site& s, std::int64_t command) {
  return carry_out(s, s.runs->propose(now_), {nullptr, command});
}

std::string world::propose_voters(site& s, const voter_set& voters) {
  return carry_out(s, s.runs->propose_voters(now_, voters), {nullptr, 0, &voters});
}

std::string world::transfer(site& s) {
  return carry_out(s, s.runs->transfer_leadership(now_), {});
}

void world::settle() {
  for (int steps = 0; !network.empty(); ++steps) {
    if (steps == 100'000)
      throw broken{"the network does not come to rest"};
    const auto p = std::move(network.front());
    network.erase(network.begin());
    const auto from = p.message.from.node;
    for (auto& [node, s] : sites_) {
      const bool is_meant = p.message.to.node == node || (p.message.to == nobody && from != node);
      if (is_meant && s.runs && !is_cut(from, node))
        deliver(s, p);
    }
  }
}

site* world::next_to_tick() {
  site* first = nullptr;
  for (auto& [node, s] : sites_)
    if (s.runs && s.runs->wakes_at() < (first ? first->runs->wakes_at() : monotonic_time::max()))
      first = &s;
  return first;
}

void world::run_for(std::chrono::milliseconds time) {
  const auto until = now_ + time;
  settle();
  for (auto* s = next_to_tick(); s && s->runs->wakes_at() <= until; s = next_to_tick()) {
    pass(s->runs->wakes_at());
    tick(*s);
    settle();
  }
  pass(until);
}

// -- effects --------------------------------------------------------------------------------------------------------

std::string world::carry_out(site& s, expected<effects> e, const cause& why) {
  return e ? carry_out(s, std::move(*e), why) : tells ? render(e.error()) : std::string{};
}

std::string world::carry_out(site& s, effects e, const cause& why) {
  auto text = tells ? text_of(e, s.runs->view()) : std::string{};
  if (e.changed)
    check_new_leader(s, s.runs->view());
  const auto durable = s.durable;
  if (!write(s, e, why) || !dispatch(s, e)) {
    crash(s);
    return text;
  }
  std::string more;
  if (e.install)
    more = install(s, *e.install);
  else if (syncs_at_once && s.last_index() > s.durable)
    more = sync(s, s.last_index());
  else if (s.durable < durable)
    more = sync(s, s.durable);
  return text + (text.empty() || more.empty() ? "" : ", ") + more;
}

/// What the effects want on the disk. False when the node crashed meanwhile.
bool world::write(site& s, const effects& e, const cause& why) {
  if (e.persist) {
    if (crashes_now())
      return false;
    if (e.persist->term < s.vote.term)
      fail(s, "its term goes back");
    s.vote = *e.persist;
  }
  if (e.truncate_from) {
    if (crashes_now())
      return false;
    s.entries.resize(static_cast<std::size_t>(*e.truncate_from - s.first_index));
    s.durable = s.last_index();  // as a journal does
  }
  if (e.append_received)
    for (auto i = e.append_received->from; i < e.append_received->until; ++i) {
      const auto& request = std::get<append_request>(why.in->message.body);
      append(s, i, why.in->entries.at(static_cast<std::size_t>(i - request.prev.index - 1)));
    }
  if (e.append_own) {
    stored own{e.append_own->term, why.command, {}};
    if (why.voters)
      own.voters = *why.voters;
    append(s, e.append_own->index, own);
  }
  if (e.keep_piece) {
    if (e.keep_piece->offset == 0)
      s.pieces.clear();
    if (static_cast<std::int64_t>(s.pieces.size()) != e.keep_piece->offset)
      fail(s, "a piece of a snapshot is missing");
    s.pieces += why.in->piece;
  }
  return !crashes_now();
}

bool world::dispatch(site& s, effects& e) {
  if (e.commit)
    check_commit(s, *e.commit);  // before anybody else can hear of it
  for (const auto& m : e.send)
    if (!post(s, {m, {}, {}}))
      return false;
  for (const auto& order : e.appends)
    if (!post(s, fill(s, order)))
      return false;
  for (const auto& order : e.snapshots)
    if (auto p = fill(s, order); !p.piece.empty() && !post(s, std::move(p)))
      return false;
  if (e.commit)
    apply(s, *e.commit);
  return true;
}

void world::append(site& s, std::int64_t index, stored e) {
  if (index != s.last_index() + 1)
    fail(s, "entry " + std::to_string(index) + " does not follow " + std::to_string(s.last_index()));
  e.chain = chained(s.chain_at(index - 1), e);
  const auto known = chains_.try_emplace({index, e.term}, e.chain).first;
  if (known->second != e.chain)
    fail(s, "two entries " + std::to_string(index) + " of term " + std::to_string(e.term));
  s.entries.push_back(std::move(e));
}

void world::apply(site& s, std::int64_t to) {
  if (to > s.durable)
    fail(s, "applies entry " + std::to_string(to) + ", which is not durable there");
  for (auto i = s.applied.at.index + 1; i <= to; ++i) {
    const auto& e = s.entry(i);
    s.applied = {{i, e.term}, e.voters ? *e.voters : s.applied.voters, e.chain};
  }
}

std::string world::install(site& s, entry_id at) {
  const auto& truth = committed_.at(static_cast<std::size_t>(at.index - 1));
  image i{at, {}, truth.chain};
  if (truth.term != at.term || s.pieces != content_of(i))
    fail(s, "installs another state than that after entry " + std::to_string(at.index));
  for (auto index = at.index; index > 0 && i.voters.empty(); --index)
    if (const auto& set = committed_.at(static_cast<std::size_t>(index - 1)).voters)
      i.voters = *set;
  s.snapshot = s.older_snapshot = s.applied = i;
  s.entries.clear();
  s.first_index = at.index + 1;
  s.durable = at.index;
  return carry_out(s, s.runs->installed(now_, i.voters), {});
}

bool world::post(const site& s, packet p) {
  if (crashes_now())
    return false;
  check_message(s, p.message);
  network.push_back(std::move(p));
  return true;
}

packet world::fill(site& s, const append_order& order) {
  packet out{order.request, {}, {}};
  auto& request = std::get<append_request>(out.message.body);
  const auto until = std::min(order.until, request.prev.index + 1 + entries_per_message);
  for (auto i = request.prev.index + 1; i < until; ++i) {
    out.entries.push_back(s.entry(i));
    request.entries.push_back({s.entry(i).term, s.entry(i).voters});
  }
  if (until < order.until)
    s.runs->sent_until(order, until);
  return out;
}

packet world::fill(const site& s, const snapshot_order& order) const {
  packet out{order.request, {}, {}};
  auto& request = std::get<snapshot_request>(out.message.body);
  const auto& sent = request.at == s.snapshot.at ? s.snapshot : s.older_snapshot;
  if (sent.at != request.at)
    fail(s, "is to send a snapshot that it does not have");
  const auto content = content_of(sent);
  if (request.offset >= static_cast<std::int64_t>(content.size()))
    return out;
  out.piece = content.substr(static_cast<std::size_t>(request.offset), piece_bytes);
  request.size = static_cast<std::int64_t>(out.piece.size());
  request.last = request.offset + request.size == static_cast<std::int64_t>(content.size());
  return out;
}

// -- what must hold -------------------------------------------------------------------------------------------------

void world::fail(const site& s, const std::string& what) const {
  throw broken{"node " + to_string(s.id) + ": " + what};
}

void world::check_new_leader(site& s, const view& now) {
  if (now.role != role::leader)
    return;
  const auto [known, is_first] = leaders_.try_emplace(now.term, s.id);
  if (known->second != s.id)
    fail(s, "leads term " + std::to_string(now.term) + ", as does " + to_string(known->second));
  if (!is_first)
    return;
  s.leads_since = now_;
  for (auto index = static_cast<std::int64_t>(committed_.size()); index > s.snapshot.at.index; --index) {
    if (committed_in_.at(static_cast<std::size_t>(index - 1)) >= now.term)
      continue;
    if (!s.has(index) || s.chain_at(index) != committed_.at(static_cast<std::size_t>(index - 1)).chain)
      fail(s, "leads term " + std::to_string(now.term) + " without entry " + std::to_string(index)
                + ", which is committed");
    break;
  }
}

/// Whoever has heard of no majority for long enough cannot know that it still leads.
void world::check_quorum(const site& s) const {
  const auto now = s.runs->view();
  if (now.role != role::leader)
    return;
  std::vector<monotonic_time> heard_at;
  for (const auto& v : now.voters) {
    const auto known = s.heard_at.find(v.id);
    heard_at.push_back(v.id == s.id ? now_ : std::max(s.leads_since, known == s.heard_at.end() ? monotonic_time{}
                                                                                               : known->second));
  }
  std::sort(heard_at.rbegin(), heard_at.rend());
  if (now_ - heard_at.at(majority_of(now.voters) - 1) > 3 * election_timeout / 2)
    fail(s, "leads, although it has not heard of a majority for " + std::to_string((now_ - heard_at.back()) / 1ms)
              + " ms");
}

void world::check_commit(const site& s, std::int64_t index) {
  const auto view = s.runs->view();
  for (auto i = static_cast<std::int64_t>(committed_.size()) + 1; i <= index; ++i) {
    std::size_t copies = 0;
    for (const auto& v : view.voters) {
      const auto& other = sites_.at(v.id.node);
      const bool has = other.snapshot.at.index >= i || (other.durable >= i && other.chain_at(i) == s.chain_at(i));
      copies += other.id == v.id ? has : had_.contains(v.id) && had_.at(v.id) >= i;
    }
    if (copies < majority_of(view.voters) && view.role == role::leader)
      fail(s, "commits entry " + std::to_string(i) + ", of which there are only " + std::to_string(copies)
                + " durable copies");
    committed_.push_back(s.entry(i));
    committed_in_.push_back(view.term);
  }
  if (s.chain_at(index) != committed_.at(static_cast<std::size_t>(index - 1)).chain)
    fail(s, "commits another entry " + std::to_string(index) + " than was committed before");
}

void world::check_message(const site& s, const message& m) {
  if (m.from != s.id)
    fail(s, "sends in the name of another");
  if (m.term > s.vote.term)
    fail(s, "shows term " + std::to_string(m.term) + ", which is not on its disk");
  auto vote_for = nobody;
  if (const auto* reply = std::get_if<vote_reply>(&m.body); reply && reply->granted && !reply->pre)
    vote_for = m.to;
  if (const auto* request = std::get_if<vote_request>(&m.body); request && !request->pre)
    vote_for = s.id;
  if (vote_for != nobody && votes_.try_emplace({s.id, m.term}, vote_for).first->second != vote_for)
    fail(s, "votes twice in term " + std::to_string(m.term));
  if (const auto* reply = std::get_if<append_reply>(&m.body); reply && reply->match > s.durable)
    fail(s, "confirms entry " + std::to_string(reply->match) + ", which is not durable");
}

}  // namespace troupe::raft::test
