#include "runtime/sim/picker.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <map>

namespace {

using namespace troupe::sim;

constexpr std::array<std::uint64_t, 5> waiting = {11, 12, 13, 14, 15};

std::map<std::uint64_t, int> picks(pick_mode mode, int count) {
  picker p{prng{7}, mode};
  std::map<std::uint64_t, int> out;
  for (int i = 0; i < count; ++i)
    ++out[waiting[p.pick(waiting)]];
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(uniform_picks_each_as_often) {
  for (const auto& [id, count] : picks(pick_mode::uniform, 5'000))
    BOOST_TEST((count > 850 && count < 1'150));
}

BOOST_AUTO_TEST_CASE(fifo_picks_whoever_has_waited_longest) {
  BOOST_TEST(picks(pick_mode::fifo, 100)[11] == 100);
}

BOOST_AUTO_TEST_CASE(one_is_starved_but_not_for_ever) {
  auto seen = picks(pick_mode::starve_one, 90);
  BOOST_TEST(seen.size() <= 5);
  int rare = 0;
  for (const auto id : waiting)
    rare += seen[id] < 3 ? 1 : 0;
  BOOST_TEST(rare == 1);
  for (const auto& [id, count] : picks(pick_mode::starve_one, 50'000))
    BOOST_TEST(count > 0);
}

BOOST_AUTO_TEST_CASE(priorities_hold_until_they_change) {
  const auto seen = picks(pick_mode::priority_change, 10'000);
  BOOST_TEST(seen.size() == 5);
  BOOST_TEST(picks(pick_mode::priority_change, 10).size() <= 2);
}

BOOST_AUTO_TEST_CASE(one_is_drained_before_another_gets_a_turn) {
  BOOST_TEST(picks(pick_mode::drain_one, 50).size() == 1);
}

BOOST_AUTO_TEST_CASE(modes_change_and_follow_from_the_seed) {
  picker a{prng{3}, std::nullopt};
  picker b{prng{3}, std::nullopt};
  std::map<pick_mode, int> modes;
  for (int i = 0; i < 100'000; ++i) {
    BOOST_REQUIRE(a.pick(waiting) == b.pick(waiting));
    ++modes[a.mode()];
  }
  BOOST_TEST(modes.size() == 5);
}
