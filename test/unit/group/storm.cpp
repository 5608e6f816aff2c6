// Groups in bad weather, by chance: what is promised holds at each step, and when it clears all consumers work.
#include "test/unit/group/crowd.hpp"

#include <boost/test/unit_test.hpp>

using namespace troupe;
using namespace troupe::group;
using namespace troupe::group::test;

namespace {

void weather_a_storm(unsigned seed, bool are_static) {
  options with;
  with.initial_rebalance_delay = std::chrono::milliseconds{seed % 2 == 0 ? 0 : 3'000};
  crowd all{2 + seed % 7, with, seed, are_static};
  all.begin_within(5'000);
  all.now = {.lost_batches = seed % 3 * 5, .lost_answers = seed % 4, .crashes = seed % 3, .moves = seed % 5,
             .late_batches = 30};
  all.run(120'000);
  all.now = {};
  all.run(180'000);
  BOOST_TEST_CONTEXT("seed " << seed << (are_static ? ", static members" : "")) {
    BOOST_TEST(all.broken == "");
    BOOST_TEST(all.is_settled());
    BOOST_TEST(all.is_log_complete());
    all.close();
    BOOST_TEST(all.unanswered() == 0u);
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(groups_survive_bad_weather) {
  for (unsigned seed = 1; seed <= 150; ++seed)
    weather_a_storm(seed, false);
}

BOOST_AUTO_TEST_CASE(groups_of_static_members_survive_bad_weather) {
  for (unsigned seed = 1; seed <= 150; ++seed)
    weather_a_storm(seed, true);
}

BOOST_AUTO_TEST_CASE(G07_a_thousand_members_that_join_within_ten_seconds_need_three_rounds_at_most) {
  crowd all{1'000, {}, 1};
  all.begin_within(10'000);
  all.run(30'000);
  BOOST_TEST(all.broken == "");
  BOOST_TEST(all.is_settled());
  BOOST_TEST(all.generation() <= 3);
}


BOOST_AUTO_TEST_CASE(G08_the_silence_of_five_thousand_members_at_once_is_one_round_for_the_others) {
  crowd all{5'010, {}, 2};
  all.begin_within(1'000);
  all.run(20'000);
  BOOST_TEST(all.is_settled());
  const auto before = all.generation();
  all.silence_all_but(10);
  all.run(40'000);
  BOOST_TEST(all.broken == "");
  BOOST_TEST(all.is_settled());
  BOOST_TEST(all.generation() <= before + 2);
}
