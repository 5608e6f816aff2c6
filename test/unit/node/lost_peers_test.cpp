#include "runtime/node/lost_peers.hpp"

#include <boost/test/unit_test.hpp>

#include <optional>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

struct hand_clock final : clock {
  monotonic_time monotonic_now() override { return at; }
  wall_time wall_now() override { return {}; }
  monotonic_time at{1h};
};

constexpr node_id peer{2};

topic_id process(std::uint8_t n) {
  topic_id out;
  out.bytes[0] = n;
  return out;
}

struct fixture {
  hand_clock time;
  lost_peers all;
  bool lost(std::uint8_t n) const { return all.is_lost(peer, process(n), const_cast<hand_clock&>(time).at); }
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(a_process_is_lost_with_its_last_link, fixture) {
  link_tie control{all, time};
  link_tie data{all, time};
  BOOST_TEST(!lost(1));
  control.hold(peer, process(1));
  data.hold(peer, process(1));
  control.cut();
  BOOST_TEST(!lost(1));
  data.cut();
  BOOST_TEST(lost(1));
  BOOST_TEST(!lost(2));
}

BOOST_FIXTURE_TEST_CASE(a_loss_is_forgotten_after_a_while, fixture) {
  std::optional<link_tie> link{std::in_place, all, time};
  link->hold(peer, process(1));
  link.reset();
  BOOST_TEST(lost(1));
  time.at += lost_peers::patience;
  BOOST_TEST(!lost(1));
}

BOOST_FIXTURE_TEST_CASE(a_new_link_ends_the_loss, fixture) {
  link_tie first{all, time};
  first.hold(peer, process(1));
  first.cut();
  link_tie second{all, time};
  second.hold(peer, process(1));
  BOOST_TEST(!lost(1));
}

BOOST_FIXTURE_TEST_CASE(links_to_an_earlier_process_do_not_count, fixture) {
  link_tie old{all, time};
  old.hold(peer, process(1));
  link_tie fresh{all, time};
  fresh.hold(peer, process(2));
  old.cut();
  BOOST_TEST(!lost(2));
  fresh.cut();
  BOOST_TEST(lost(2));
}

BOOST_FIXTURE_TEST_CASE(a_link_that_broke_before_its_hello_is_none, fixture) {
  link_tie link{all, time};
  link.cut();
  link.hold(peer, process(1));
  link.cut();
  BOOST_TEST(!lost(1));
}
