// What becomes of requests with acks=all that wait at a leader while another one is elected. "Not leader" is right only
// for records that are gone: clients that retry what is committed double it, unless the producer's sequence tells.
#include "runtime/node/context.hpp"
#include "test/sim/cluster/scenario.hpp"

#include <boost/test/unit_test.hpp>

using namespace troupe;
using namespace troupe::cluster_sim;
using namespace std::chrono_literals;
using kafka::error_code;

namespace {

/// A record that waits for a replica which hangs, while its leader is deposed.
struct deposal {
  explicit deposal(scenario& s) : old(s.await_leader(1)), next(s.other_than(old)), hanging(s.third(old, next)) {
    if (s.running().at(s.name_of(old))->controller == hanging)
      std::swap(next, hanging);  // an election of controllers is another story
    s.node(hanging).pause();
    waiting = s.begin_send(old, "waiting", -1, 20s);
    s.in().run_for(20ms);
    BOOST_REQUIRE(!waiting->is_over);
    BOOST_REQUIRE(s.let_lead(next, old));
  }

  std::int32_t old, next, hanging;
  std::shared_ptr<const sent> waiting;
};

template <class Play>
void with_deposals(Play play) {
  for (const std::uint64_t seed : {1, 2, 3, 4, 5, 6}) {
    scenario s{seed};
    const deposal d{s};
    play(s, d);
    s.end_well();
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_deposed_leader_acknowledges_what_its_successor_commits) {
  with_deposals([](scenario& s, const deposal& d) {
    BOOST_TEST(!d.waiting->is_over);
    s.node(d.hanging).resume();
    BOOST_TEST(s.in().run_until([&] { return d.waiting->is_over; }, 2s));
    BOOST_TEST(d.waiting->is_acknowledged());
    BOOST_TEST(holds(s.read(d.next), d.waiting->offset, "waiting"));
  });
}

BOOST_AUTO_TEST_CASE(a_deposed_leader_that_learns_nothing_says_so_within_a_second) {
  with_deposals([](scenario& s, const deposal& d) {
    BOOST_TEST(s.in().run_until([&] { return d.waiting->is_over; }, 1500ms));
    BOOST_TEST((d.waiting->code == error_code::not_leader_or_follower));
    s.node(d.hanging).resume();
  });
}
