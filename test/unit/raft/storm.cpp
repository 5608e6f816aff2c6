#include "storm.hpp"

#include <algorithm>

namespace troupe::raft::test {

namespace {

constexpr std::size_t network_max = 300;  // older messages are lost when there are more

}  // namespace

weather weather::of(sim::prng& from) {
  weather w;
  w.nodes = 3 + static_cast<std::int32_t>(from.below(3));
  w.voters = 1 + static_cast<std::int32_t>(from.below(static_cast<std::uint64_t>(w.nodes)));
  w.voter_changes = from.below(30);
  w.cuts = from.below(20);
  w.ticks = 40 + from.below(200);
  w.crashes = from.below(20);
  w.losses = from.below(150);
  w.entries_per_message = from.below(2) == 0 ? 1 : 100;
  w.eager = from.below(4) == 0;
  w.isolates_leaders = from.below(3) == 0;
  w.slow_disks = from.below(2) == 0;
  return w;
}

storm::storm(std::uint64_t seed) : prng_(seed), weather_(weather::of(prng_)), w_(seed) {}

storm::storm(std::uint64_t seed, const weather& w) : prng_(seed), weather_(w), w_(seed) {}

void storm::run() {
  std::vector<std::int32_t> voters;
  for (std::int32_t n = 1; n <= weather_.nodes; ++n)
    n <= weather_.voters ? voters.push_back(n) : static_cast<void>(w_.add_node(n));
  w_.found(voters);
  w_.syncs_at_once = !weather_.slow_disks;
  w_.entries_per_message = weather_.entries_per_message;
  w_.crashes_now = [this] { return draw(weather_.crashes) && draw(100); };
  for (int i = 0; i < weather_.events; ++i)
    happen();
  calm();
}

site& storm::any() {
  auto at = w_.sites().begin();
  std::advance(at, static_cast<std::ptrdiff_t>(prng_.below(w_.sites().size())));
  return at->second;
}

site* storm::any_leader() {
  auto& s = any();
  return s.runs && s.runs->view().role == role::leader ? &s : nullptr;
}

void storm::happen() {
  const auto what = prng_.below(1'000);
  if (what < weather_.ticks)
    tick_one();
  else if (what < 820)
    deliver_one();
  else if (what < 900)
    sync_one();
  else if (what < 940) {
    if (auto* s = any_leader())
      w_.propose(*s, ++command_);
  } else {
    something_rare();
  }
}

void storm::something_rare() {
  auto& s = any();
  if (!s.runs) {
    w_.start(s);
    return;
  }
  if (draw(15 * weather_.crashes))
    w_.crash(s, static_cast<std::int64_t>(prng_.below(3)));
  else if (draw(15 * weather_.cuts))
    cut_some();
  else if (draw(15 * weather_.voter_changes))
    change_voters(s);
  else if (draw(100))
    w_.compact(s, draw(300));
  else if (draw(30))
    w_.transfer(s);
  else if (draw(50))
    w_.lost(s, any().id.node);
  else if (draw(30))
    wipe_one();
}

void storm::deliver_one() {
  auto& bag = w_.network;
  if (bag.size() > network_max)
    bag.erase(bag.begin(), bag.begin() + static_cast<std::ptrdiff_t>(bag.size() - network_max));
  if (bag.empty())
    return;
  // Mostly in order, sometimes any.
  const auto among = draw(700) ? std::min<std::size_t>(3, bag.size()) : bag.size();
  const auto at = static_cast<std::ptrdiff_t>(prng_.below(among));
  auto p = bag[static_cast<std::size_t>(at)];
  if (!draw(30))
    bag.erase(bag.begin() + at);
  const auto to = p.message.to == nobody ? any().id.node : p.message.to.node;
  auto& s = w_.at(to.value);
  if (!s.runs || draw(weather_.losses))
    return;
  if (w_.is_cut(p.message.from.node, to)) {
    if (draw(300))
      bag.push_back(std::move(p));  // it arrives after all, much later
    return;
  }
  const auto led_since = s.leads_since;
  w_.deliver(s, p);
  if (s.runs && s.leads_since != led_since)
    greet(s);
}

void storm::tick_one() {
  if (auto* s = w_.next_to_tick()) {
    w_.pass(s->runs->wakes_at());
    w_.tick(*s);
  }
}

void storm::sync_one() {
  auto& s = any();
  if (s.runs && s.durable < s.last_index())
    w_.sync(s, s.durable + 1 + static_cast<std::int64_t>(prng_.below(4)));
}

void storm::cut_some() {
  w_.cut.clear();
  if (draw(200))
    return;
  if (weather_.isolates_leaders && draw(800)) {
    for (const auto& [node, s] : w_.sites())
      if (s.runs && s.runs->view().role == role::leader)
        cut_off(s);
    return;
  }
  for (const auto& [node, s] : w_.sites())
    if (draw(500))
      w_.cut.insert(node);
}

void storm::cut_off(const site& leader) {
  w_.cut = {leader.id.node, any().id.node};
}

/// A leader has just been elected.
void storm::greet(site& leader) {
  if (weather_.eager)
    change_voters(leader);
  if (weather_.isolates_leaders && draw(600))
    cut_off(leader);
}

void storm::change_voters(site& s) {
  auto wished = s.runs->view().voters;
  const auto& other = any();
  if (contains_node(wished, other.id.node))
    std::erase_if(wished, [&](const voter& v) { return v.id.node == other.id.node; });
  else
    wished.push_back(w_.voter_of(other.id));
  if (survives(wished, nobody))
    w_.propose_voters(s, wished);
}

/// A majority of `voters` has its disks, even without `victim`.
bool storm::survives(const voter_set& voters, const member& victim) {
  std::size_t alive = 0;
  for (const auto& v : voters)
    alive += w_.at(v.id.node.value).id == v.id && v.id != victim;
  return voters.empty() || alive >= majority_of(voters);
}

/// A disk may be lost when every set of voters that may count survives it.
void storm::wipe_one() {
  auto& victim = any();
  for (const auto& [node, s] : w_.sites()) {
    if (!survives(s.snapshot.voters, victim.id) || !survives(s.older_snapshot.voters, victim.id))
      return;
    for (const auto& e : s.entries)
      if (e.voters && !survives(*e.voters, victim.id))
        return;
  }
  w_.wipe(victim);
}

void storm::require(bool holds, const std::string& what) const {
  if (!holds)
    throw broken{"in fine weather " + what};
}

/// Everything works again: there must be one leader, and all must get to have what it has.
void storm::calm() {
  w_.crashes_now = [] { return false; };
  w_.syncs_at_once = true;
  w_.cut.clear();
  for (auto& [node, s] : w_.sites()) {
    if (!s.runs)
      w_.start(s);
    w_.sync(s, s.last_index());
  }
  w_.run_for(20s);
  site* leader = nullptr;
  for (auto& [node, s] : w_.sites())
    if (s.runs->view().role == role::leader) {
      require(!leader, "there are two leaders");
      leader = &s;
    }
  require(leader && leader->runs->view().is_active, "nobody leads");
  const auto term = leader->runs->view().term;
  w_.propose(*leader, ++command_);
  w_.run_for(10s);
  require(w_.committed().back().command == command_, "what is proposed is not committed");
  for (auto& [node, s] : w_.sites()) {
    const auto v = s.runs->view();
    require(v.term == term, "there is another election");
    require(v.commit == static_cast<std::int64_t>(w_.committed().size()) && v.is_caught_up,
            "node " + to_string(s.id) + " does not catch up");
  }
}

}  // namespace troupe::raft::test
