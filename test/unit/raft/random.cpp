// Quorums in bad weather, by the thousand; and the bugs that this must find.
#include "storm.hpp"

#include "runtime/base/mutation.hpp"

#include <boost/test/unit_test.hpp>

#include <functional>
#include <optional>
#include <string>

using namespace troupe;
using namespace troupe::raft;
using namespace troupe::raft::test;

namespace {

/// What went wrong with that seed; none: nothing.
std::optional<std::string> fault_of(storm&& s) {
  try {
    s.run();
    return std::nullopt;
  } catch (const std::exception& e) {
    return e.what();
  }
}

/// Four voters of five nodes, leaders that change the voters at once and are cut off again and again: the weather in
/// which the published flaw of single-server changes shows.
storm reshaping(std::uint64_t seed) {
  weather w;
  w.events = 1'500;
  w.voters = 4;
  w.voter_changes = 60;
  w.cuts = 20;
  w.ticks = 120;
  w.crashes = 0;
  w.losses = 5;
  w.eager = true;
  w.isolates_leaders = true;
  return storm{seed, w};
}

/// Five voters and leaders that get an entry to one other at most: the weather of figure 8 of the Raft paper.
storm contested(std::uint64_t seed) {
  weather w;
  w.events = 2'000;
  w.voters = 5;
  w.voter_changes = 0;
  w.cuts = 5;
  w.ticks = 70;
  w.crashes = 3;
  w.losses = 50;
  w.entries_per_message = 1;
  w.isolates_leaders = true;
  return storm{seed, w};
}

storm mixed(std::uint64_t seed) {
  return storm{seed};
}

// A sanitized build is twenty times slower, and looks for other mistakes than those that only rare weather shows.
#ifdef __SANITIZE_ADDRESS__
constexpr std::uint64_t seeds_share = 20;
#else
constexpr std::uint64_t seeds_share = 1;
#endif

void survives(const std::function<storm(std::uint64_t)>& make, std::uint64_t seeds) {
  for (std::uint64_t seed = 1; seed <= seeds / seeds_share; ++seed) {
    const auto fault = fault_of(make(seed));
    BOOST_REQUIRE_MESSAGE(!fault, "seed " << seed << ": " << fault.value_or(""));
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(Q03_Q04_Q05_Q06_Q07_Q09_a_quorum_keeps_its_promises_in_any_weather) { survives(mixed, 3'000); }

BOOST_AUTO_TEST_CASE(leaders_that_are_cut_off_again_and_again_lose_nothing) { survives(contested, 500); }

BOOST_AUTO_TEST_CASE(Q05_voters_that_change_often_never_make_two_quorums) { survives(reshaping, 1'000); }

#ifdef TROUPE_MUTATIONS

namespace {

/// The first fault that is found with the bug `id` in the code, before `seeds` are used up.
void finds(const std::string& id, const std::function<storm(std::uint64_t)>& make, std::uint64_t seeds) {
  const auto before = planted_mutation();
  plant_mutation(id);
  std::optional<std::string> fault;
  std::uint64_t seed = 0;
  while (!fault && seed < seeds)
    fault = fault_of(make(++seed));
  plant_mutation(before);
  BOOST_TEST(fault.has_value(), id << " was not found with " << seeds << " seeds");
  if (fault)
    BOOST_TEST_MESSAGE(id << " found with seed " << seed << ": " << *fault);
}

}  // namespace

BOOST_AUTO_TEST_CASE(M13_a_vote_that_is_not_durable_is_found) { finds("M13", mixed, 5'000); }
BOOST_AUTO_TEST_CASE(M14_a_second_vote_after_a_restart_is_found) { finds("M14", mixed, 5'000); }
BOOST_AUTO_TEST_CASE(M15_a_commit_of_an_older_term_by_count_is_found) { finds("M15", contested, 20'000); }
BOOST_AUTO_TEST_CASE(M16_a_leader_without_a_quorum_is_found) { finds("M16", mixed, 5'000); }
BOOST_AUTO_TEST_CASE(M33_voters_changed_before_the_term_has_a_commit_are_found) { finds("M33", reshaping, 20'000); }

#endif
