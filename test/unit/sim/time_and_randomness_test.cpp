#include "runtime/sim/clock.hpp"
#include "runtime/sim/prng.hpp"
#include "runtime/sim/random.hpp"

#include <boost/test/unit_test.hpp>

#include <vector>

using namespace troupe;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_CASE(both_clocks_advance_and_only_the_wall_clock_jumps) {
  sim::simulated_clock c{from_ms(1000)};
  const auto start = c.monotonic_now();
  c.advance(1500ms);
  BOOST_TEST(to_ms(c.wall_now()) == 2500);
  c.step_wall(-2s);
  BOOST_TEST(to_ms(c.wall_now()) == 500);
  c.set_wall(from_ms(9000));
  c.advance(1ms);
  BOOST_TEST(to_ms(c.wall_now()) == 9001);
  BOOST_TEST((c.monotonic_now() - start == 1501ms));
}

BOOST_AUTO_TEST_CASE(the_generator_gives_the_same_numbers_everywhere) {
  // Reference values of xoshiro256** seeded by splitmix64 from 0.
  sim::prng p{0};
  BOOST_TEST(p.next() == 0x99ec5f36cb75f2b4ULL);
  BOOST_TEST(p.next() == 0xbf6e1f784956452aULL);
  BOOST_TEST(p.next() == 0x1a5f849d4933e6e0ULL);
}

BOOST_AUTO_TEST_CASE(a_draw_more_for_one_purpose_does_not_shift_another) {
  sim::simulated_random a{7}, b{7};
  a.next(random_purpose::backoff);
  BOOST_TEST(a.next(random_purpose::identity) == b.next(random_purpose::identity));
  sim::simulated_random other{8}, same{7};
  BOOST_TEST(other.next(random_purpose::identity) != same.next(random_purpose::identity));
}
