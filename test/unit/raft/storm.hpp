#pragma once

#include "runtime/sim/prng.hpp"
#include "world.hpp"

#include <cstdint>

namespace troupe::raft::test {

/// How hard the weather is; most of it is drawn from the seed.
struct weather {
  int events = 600;
  std::int32_t nodes = 5;
  std::int32_t voters = 3;
  std::uint64_t voter_changes = 10;  ///< in a thousand events; the other numbers likewise
  std::uint64_t cuts = 10;
  std::uint64_t ticks = 150;
  std::uint64_t crashes = 8;
  std::uint64_t losses = 50;
  std::int64_t entries_per_message = 100;
  bool eager = false;             ///< a new leader changes the voters at once
  bool isolates_leaders = false;  ///< leaders are cut off, with one other node, mostly as soon as they are elected
  bool slow_disks = false;

  static weather of(sim::prng& from);
};

/// A quorum in bad weather: messages are lost, doubled, late and out of order, nodes crash, forget what was not
/// synced, lose their disks, are cut off, and voters come and go. The world checks that nothing goes wrong meanwhile;
/// when the weather is fine again, everything must go on.
class storm {
 public:
  storm(std::uint64_t seed, const weather& w);
  explicit storm(std::uint64_t seed);

  /// Throws `broken` or what an invariant throws.
  void run();

  const world& result() const { return w_; }

 private:
  void happen();
  void something_rare();
  void deliver_one();
  void tick_one();
  void sync_one();
  void cut_some();
  void cut_off(const site& leader);
  void greet(site& leader);
  void change_voters(site& s);
  void wipe_one();
  bool survives(const voter_set& voters, const member& victim);
  void calm();
  void require(bool holds, const std::string& what) const;
  site& any();
  site* any_leader();
  bool draw(std::uint64_t in_a_thousand) { return prng_.below(1'000) < in_a_thousand; }

  sim::prng prng_;
  weather weather_;
  world w_;
  std::int64_t command_ = 0;
};

}  // namespace troupe::raft::test
