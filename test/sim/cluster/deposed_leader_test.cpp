// What becomes of requests with acks=all that wait at a leader while another one is elected. "Not leader" is right only
// for records that are gone: clients that retry what is committed double it, unless the producer's sequence tells.
#include "runtime/metadata/image.hpp"
#include "runtime/node/context.hpp"
#include "test/sim/cluster/transaction_steps.hpp"

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

/// The running node that has just heard that it leads partition 0; 0: none.
std::int32_t leader_of_its_own_mind(const scenario& s) {
  for (const auto& [machine, context] : s.running())
    if (const auto view = context->view.get(); view && view->image)
      if (const auto topic = view->image->find_topic(std::string_view{scenario::topic}))
        if (const auto* first = topic->find(partition_index{0}); first && first->leader == context->self)
          return context->self.value;
  return 0;
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

// Found by seed 910, at a leader that had been elected while it was cut off and replaced before it knew: it told a
// producer, whose last batch the leader after it had acknowledged, of a gap in its sequence.
BOOST_AUTO_TEST_CASE(a_leader_that_nobody_follows_yet_finds_no_gap_in_a_sequence) {
  int tried = 0;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    scenario s{seed};
    transaction_steps::producer p{.s = s, .number = 4711, .epoch = 0, .transactional = false};
    const auto old = s.await_leader(1);
    BOOST_TEST((p.write(old, "first") == error_code::none));
    s.node(old).crash();
    std::int32_t next = 0;
    s.in().run_until([&] { return (next = leader_of_its_own_mind(s)) > 0; }, transaction_steps::patience);
    BOOST_REQUIRE(next > 0);
    if (s.running().at(s.name_of(next))->controller != next)
      continue;  // the third one has heard already
    ++tried;
    s.node(s.third(old, next)).pause();
    s.in().run_for(50ms);
    auto ahead = p;
    ++ahead.sequence;  // as if another leader had taken one
    BOOST_TEST((ahead.write_once(next, "third") == error_code::not_enough_replicas));
    s.node(s.third(old, next)).resume();
    BOOST_TEST((ahead.write(next, "third") == error_code::out_of_order_sequence_number));
    s.node(old).start();
    BOOST_TEST(s.await_in_sync(next, 3));
    BOOST_TEST(transaction_steps::holds_only(s, {"first"}));
    s.end_well();
  }
  BOOST_TEST(tried > 0);
}
