#include "runtime/replication/throttle.hpp"

#include <boost/test/unit_test.hpp>

using namespace troupe;
using namespace std::chrono_literals;
using replication::throttle;

namespace {

const monotonic_time t0 = monotonic_time{} + 1h;

double seconds_after(monotonic_time at) { return std::chrono::duration<double>{at - t0}.count(); }

}  // namespace

BOOST_AUTO_TEST_CASE(without_a_rate_nothing_waits) {
  throttle t;
  for (int i = 0; i < 100; ++i)
    BOOST_TEST((t.reserve(1 << 30, t0) <= t0));
}

BOOST_AUTO_TEST_CASE(bytes_go_one_after_the_other_at_the_rate_whoever_asks) {
  throttle t;
  t.set_rate(1'000);
  BOOST_TEST((t.reserve(500, t0) <= t0));
  BOOST_TEST(seconds_after(t.reserve(2'000, t0)) == 0.5, boost::test_tools::tolerance(1e-6));
  BOOST_TEST(seconds_after(t.reserve(1, t0 + 1s)) == 2.5, boost::test_tools::tolerance(1e-6));
}

BOOST_AUTO_TEST_CASE(what_was_not_used_is_not_saved_up) {
  throttle t;
  t.set_rate(1'000);
  t.reserve(1'000, t0);
  BOOST_TEST((t.reserve(1'000, t0 + 1h) <= t0 + 1h));
  BOOST_TEST((t.reserve(1'000, t0 + 1h) == t0 + 1h + 1s));
}

BOOST_AUTO_TEST_CASE(a_higher_rate_holds_for_what_comes_then) {
  throttle t;
  t.set_rate(1);
  t.reserve(10, t0);
  t.set_rate(throttle::unlimited);
  BOOST_TEST((t.reserve(1 << 30, t0) <= t0));
}

BOOST_AUTO_TEST_CASE(no_rate_is_so_small_that_a_later_one_would_come_too_late) {
  throttle t;
  t.set_rate(0);
  t.reserve(10, t0);
  BOOST_TEST((t.reserve(10, t0) <= t0 + 1h));
  BOOST_TEST((t.reserve(10, t0) <= t0 + 1h));
}
