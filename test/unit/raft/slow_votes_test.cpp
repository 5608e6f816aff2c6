// Elections where every message is long on its way, as on a machine with too much to do.
#include "world.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace troupe;
using namespace troupe::raft;
using namespace troupe::raft::test;

namespace {

/// Three voters of which the leader dies; both others notice at once.
class slow_network {
 public:
  slow_network(std::uint64_t seed, std::chrono::milliseconds delay) : w_(seed), delay_(delay) {
    w_.found({1, 2, 3});
    w_.run_for(10s);
    for (auto& [node, s] : w_.sites())
      if (s.runs->view().role == role::leader)
        dead_ = node;
    w_.crash(w_.at(dead_.value));
    for (auto& [node, s] : w_.sites())
      if (s.runs)
        w_.lost(s, dead_);
  }

  /// How long the two go without a leader; at most `patience`.
  std::chrono::milliseconds until_led(std::chrono::milliseconds patience) {
    const auto began = w_.now();
    while (!led() && w_.now() - began < patience)
      step();
    return std::chrono::duration_cast<std::chrono::milliseconds>(w_.now() - began);
  }

 private:
  bool led() {
    return std::any_of(w_.sites().begin(), w_.sites().end(), [](auto& one) {
      return one.second.runs && one.second.runs->view().role == role::leader;
    });
  }

  /// The next thing that happens: a message arrives, or somebody's time is over.
  void step() {
    for (auto& p : std::exchange(w_.network, {}))
      on_their_way_.emplace_back(w_.now() + delay_, std::move(p));
    auto* waiting = w_.next_to_tick();
    BOOST_REQUIRE(waiting);
    if (on_their_way_.empty() || waiting->runs->wakes_at() <= on_their_way_.front().first) {
      w_.pass(waiting->runs->wakes_at());
      w_.tick(*waiting);
      return;
    }
    auto [at, p] = std::move(on_their_way_.front());
    on_their_way_.erase(on_their_way_.begin());
    w_.pass(at);
    if (auto& to = w_.at(p.message.to.node.value); to.runs)
      w_.deliver(to, p);
  }

  world w_;
  std::chrono::milliseconds delay_;
  node_id dead_;
  std::vector<std::pair<monotonic_time, packet>> on_their_way_;
};

}  // namespace

BOOST_AUTO_TEST_CASE(candidates_that_met_do_not_meet_for_ever_when_votes_take_long) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const auto took = slow_network{seed, 80ms}.until_led(60s);
    BOOST_TEST(took < 8s, "seed " << seed << ": no leader for " << took.count() << " ms");
  }
}

BOOST_AUTO_TEST_CASE(a_quick_network_has_a_leader_in_a_fraction_of_the_election_time_out) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed)
    BOOST_TEST((slow_network{seed, 1ms}.until_led(60s)) < election_timeout, "seed " << seed);
}
