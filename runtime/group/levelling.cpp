#include "runtime/group/levelling.hpp"

#include "runtime/base/invariant.hpp"

#include <algorithm>
#include <functional>
#include <numeric>
#include <queue>
#include <tuple>

namespace troupe::group {

namespace {

using index = shares::index;
using step = shares::step;

}  // namespace

void hand_out(shares& all) {
  std::vector<index> order(all.topics().size());
  std::iota(order.begin(), order.end(), index{0});
  std::stable_sort(order.begin(), order.end(), [&](index a, index b) {
    return all.topics()[a].subscribed.size() < all.topics()[b].subscribed.size();
  });
  using candidate = std::tuple<std::int32_t, std::int32_t, index>;
  for (auto t : order) {
    const auto& topic = all.topics()[t];
    if (topic.free == 0 || topic.subscribed.empty())
      continue;
    const auto as_candidate = [&](index which) {
      return candidate{all.load(all.at(which).member), all.at(which).count, which};
    };
    std::vector<candidate> candidates;
    candidates.reserve(topic.subscribed.size());
    for (auto which : topic.subscribed)
      candidates.push_back(as_candidate(which));
    std::priority_queue<candidate, std::vector<candidate>, std::greater<>> least{{}, std::move(candidates)};
    while (topic.free > 0) {
      const auto which = std::get<index>(least.top());
      least.pop();
      all.take(which);
      least.push(as_candidate(which));
    }
  }
}

bool are_alike(const shares& all) {
  std::size_t subscribed_to_any = 0;
  for (index m = 0; m < all.member_count(); ++m)
    subscribed_to_any += all.first(m) < all.first(m + 1) ? 1 : 0;
  return std::all_of(all.topics().begin(), all.topics().end(), [&](const shares::topic& t) {
    return t.subscribed.empty() || t.subscribed.size() == subscribed_to_any;
  });
}

namespace {

/// The best step from one member to another that is subscribed to the same topics.
step best_step(const shares& all, index giver, index taker) {
  step best;
  for (index i = 0; i < all.first(giver + 1) - all.first(giver); ++i) {
    const step s{all.first(giver) + i, all.first(taker) + i};
    if (all.at(s.from).count > 0 && (best.from == shares::nobody || all.cost_of(s) < all.cost_of(best)))
      best = s;
  }
  TROUPE_INVARIANT(best.from != shares::nobody, "who has too much has something");
  return best;
}

}  // namespace

void level_alike(shares& all) {
  std::vector<index> members;
  std::int32_t total = 0;
  for (index m = 0; m < all.member_count(); ++m) {
    if (all.first(m) == all.first(m + 1))
      continue;
    members.push_back(m);
    total += all.load(m);
  }
  if (members.empty())
    return;
  const auto count = static_cast<std::int32_t>(members.size());
  const auto least = total / count;
  auto extra = total % count;
  // Whoever has more than the least keeps one of these more while there are any: each saves a move.
  std::vector<std::int32_t> quota(all.member_count(), least);
  for (const bool has_more : {true, false})
    for (auto m : members)
      if (extra > 0 && (all.load(m) > least) == has_more) {
        ++quota[m];
        --extra;
      }
  auto taker = members.begin();
  for (auto giver : members)
    while (all.load(giver) > quota[giver]) {
      while (all.load(*taker) >= quota[*taker])
        ++taker;
      const auto s = best_step(all, giver, *taker);
      all.move(s);
    }
}

namespace {

/// Moves back to `loser` what others of lesser need have got of its topic; true if there was anything.
bool give_back_to(shares& all, index loser) {
  bool moved = false;
  // A copy, for moves change who holds something.
  for (auto winner : std::vector<index>{all.topics()[all.at(loser).topic].holding})
    while (all.at(loser).count < all.at(loser).kept && all.at(winner).count > all.at(winner).kept
           && all.load(all.at(winner).member) > all.load(all.at(loser).member)) {
      all.move({winner, loser});
      moved = true;
    }
  return moved;
}

}  // namespace

void give_back(shares& all) {
  // Loads that have changed allow others to get something back; each time fewer partitions are away.
  for (bool moved = true; moved;) {
    moved = false;
    for (const auto& topic : all.topics())
      for (auto which : topic.subscribed)
        if (all.at(which).count < all.at(which).kept)
          moved = give_back_to(all, which) || moved;
  }
}

}  // namespace troupe::group
