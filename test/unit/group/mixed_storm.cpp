// Groups of the consumer protocol, and of both, in bad weather: no partition ever has two readers, and when it clears
// all partitions are read.
#include "test/unit/group/mixed_crowd.hpp"

#include <boost/test/unit_test.hpp>

using namespace troupe;
using namespace troupe::group;
using namespace troupe::group::test;

namespace {

constexpr std::int64_t calm_ms = 90'000;
#ifdef __SANITIZE_ADDRESS__  // which takes its time
constexpr unsigned storms = 15, migrations = 5;
#else
constexpr unsigned storms = 100, migrations = 30;
#endif

std::string fault_of(unsigned seed, mixture of) {
  options with;
  with.initial_rebalance_delay = std::chrono::milliseconds{0};
  with.consumer_session_timeout = std::chrono::milliseconds{10'000};
  with.assignment_interval = std::chrono::milliseconds{seed % 3 == 0 ? 1'000 : 0};
  mixed_crowd all{2 + seed % 5, with, seed, of};
  all.now = {.lost_batches = seed % 3 * 5, .lost_answers = seed % 4, .crashes = seed % 3, .moves = seed % 5,
             .late_batches = 30};
  all.run(40'000);
  all.set_partitions(9);
  all.run(20'000);
  all.now = {};
  all.run(calm_ms);
  auto fault = all.broken;
  if (fault.empty() && !all.is_settled())
    fault = "not everything is read:" + all.shown();
  all.close();
  if (fault.empty() && all.unanswered() > 0)
    fault = "a request is not answered";
  return fault;
}

void weather_storms(mixture of) {
  for (unsigned seed = 1; seed <= storms; ++seed)
    BOOST_TEST_CONTEXT("seed " << seed)
      BOOST_TEST(fault_of(seed, of) == "");
}

}  // namespace

BOOST_AUTO_TEST_CASE(consumer_groups_survive_bad_weather) { weather_storms(mixture::consumers); }

BOOST_AUTO_TEST_CASE(groups_of_both_protocols_survive_bad_weather) { weather_storms(mixture::both); }

BOOST_AUTO_TEST_CASE(members_move_from_one_protocol_to_the_other_and_back_while_they_read) {
  for (unsigned seed = 1; seed <= migrations; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      options with;
      with.initial_rebalance_delay = std::chrono::milliseconds{0};
      mixed_crowd all{4, with, seed, mixture::classic};
      all.run(calm_ms);
      for (const bool to_classic : {false, true, false}) {
        all.migrate(to_classic);
        all.run(calm_ms);
        BOOST_TEST(all.broken == "");
        BOOST_TEST(all.is_settled(), all.shown());
        const auto groups = all.coordinates().list({});
        BOOST_TEST_REQUIRE(groups.size() == 1);
        BOOST_TEST(groups[0].group_type == (to_classic ? "classic" : "consumer"));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(G06_a_former_reader_commits_nothing) {
  for (unsigned seed = 1; seed <= 30; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      options with;
      with.consumer_session_timeout = std::chrono::milliseconds{10'000};
      mixed_crowd all{3, with, seed, mixture::consumers};
      all.run(calm_ms);
      all.cut_off(0);
      all.run(calm_ms);
      all.commit_of(0);
      all.run(1'000);
      BOOST_TEST(all.broken == "");
      BOOST_TEST(all.is_settled(), all.shown());
    }
  }
}
