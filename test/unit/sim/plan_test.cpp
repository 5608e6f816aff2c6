#include "runtime/sim/fault.hpp"
#include "runtime/sim/fault_draw.hpp"
#include "runtime/sim/shrink.hpp"
#include "runtime/sim/world.hpp"
#include "test/unit/sim/ping.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

namespace {

using namespace troupe;
using namespace troupe::sim;
using namespace std::chrono_literals;

constexpr auto every_fault = R"(3200ms crash n2 for 500ms
1s power-loss n2 weakest 7 for 1s
1s crash-at-disk-op n2 3 for 500ms
1s power-loss-at-disk-op n2 3 ordered 7 for 1s
1s wipe n2 for 1s
1s pause n2 for 200ms
1s step-clock n2 -1500ms
1s drift n2 -50000 for 10s
1s slow-disk n2 30ms for 5s
1s disk-fault n2 sync-error
1s cut n1>n2 for 3s
1s clog n1>n2 for 3us
1s drop-dials n1>n2 for 3ns
1s refuse-dials n1>n2 for 3s
1s reset n1>n2
1s isolate n2 for 3s
)";

std::string refusal(std::string_view text) {
  const auto plan = parse_plan(text);
  return plan ? "accepted" : render(plan.error());
}

plan_options three_machines() {
  return {.machines = {"n1", "n2", "n3"}, .clients = {"c1"}, .until = 30s, .count = 60};
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_kind_of_fault_has_a_text_that_is_read_back) {
  const auto plan = parse_plan(every_fault);
  BOOST_REQUIRE(plan.engaged());
  BOOST_TEST(plan->size() == 16);
  BOOST_TEST(to_string(*plan) == every_fault);
}

BOOST_AUTO_TEST_CASE(a_plan_may_have_comments_and_decimals) {
  const auto plan = parse_plan("# a comment\n\n  3.25s   crash n2 for 0.5s # another\r\n");
  BOOST_REQUIRE(plan.engaged());
  BOOST_TEST(to_string(*plan) == "3250ms crash n2 for 500ms\n");
}

BOOST_AUTO_TEST_CASE(what_cannot_be_read_is_named_with_line_and_word) {
  BOOST_TEST(refusal("1s crash n1 for 1s\nsoon crash n1 for 1s")
             == "fault plan, line 2: `soon` stands where a time such as 3.2s should be");
  BOOST_TEST(refusal("1s explode n1") == "fault plan, line 1: `explode` stands where a fault such as crash should be");
  BOOST_TEST(refusal("1s cut n1 for 1s")
             == "fault plan, line 1: `n1` stands where a direction such as n1>n2 should be");
  BOOST_TEST(refusal("1s crash") == "fault plan, line 1: the line ends where a machine should be");
  BOOST_TEST(refusal("1s crash n1") == "fault plan, line 1: the line ends where `for` and a duration should be");
  BOOST_TEST(refusal("1s power-loss n1 hard 3 for 1s")
             == "fault plan, line 1: `hard` stands where weakest or ordered should be");
  BOOST_TEST(refusal("1s reset n1>n2 now") == "fault plan, line 1: `now` stands where the end of the line should be");
  BOOST_TEST(refusal("1s disk-fault n1 rust")
             == "fault plan, line 1: `rust` stands where a fault of a disk such as sync-error should be");
}

BOOST_AUTO_TEST_CASE(drawn_plans_are_read_back_and_follow_from_their_seed) {
  std::set<fault_action> seen;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    auto options = three_machines();
    options.damaged_most = 1;
    const auto plan = draw_plan(prng{seed}, options);
    BOOST_TEST((draw_plan(prng{seed}, options) == plan));
    BOOST_TEST((*parse_plan(to_string(plan)) == plan));
    for (const auto& f : plan) {
      seen.insert(f.action);
      BOOST_TEST((f.at >= options.from && f.at + f.lasting <= options.until));
    }
  }
  BOOST_TEST(seen.size() == 16);
}

BOOST_AUTO_TEST_CASE(a_drawn_plan_never_takes_more_machines_down_than_allowed) {
  const std::set<fault_action> downs = {fault_action::crash, fault_action::power_loss, fault_action::crash_at_disk_op,
                                        fault_action::power_loss_at_disk_op, fault_action::wipe, fault_action::pause,
                                        fault_action::isolate};
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const auto plan = draw_plan(prng{seed}, three_machines());
    for (const auto& f : plan) {
      BOOST_TEST((f.action != fault_action::wipe));
      for (const auto& g : plan)
        if (downs.contains(f.action) && downs.contains(g.action) && f.host != g.host)
          BOOST_TEST((f.at + f.lasting < g.at || g.at + g.lasting < f.at), to_string({f, g}));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_plan_happens) {
  world w;
  auto told = std::make_shared<sim::test::score>();
  w.add_machine("server", sim::test::make_ponger()).start();
  w.add_machine("client", sim::test::make_pinger("server", told)).start();
  schedule(w, *parse_plan("1s crash server for 500ms\n2s isolate client for 1s\n4s pause client for 1s\n"
                          "6s power-loss server weakest 3 for 1s\n9s reset client>server"));
  w.run_for(1'200ms);
  BOOST_TEST(!w.at("server").is_running());
  w.run_for(400ms);
  BOOST_TEST(w.at("server").is_running());
  w.run_for(2s);
  const auto before = told->numbers.size();
  w.run_for(300ms);
  BOOST_TEST(told->numbers.size() > before);
  w.run_for(600ms);
  BOOST_TEST(w.at("client").is_paused());
  w.run_for(3s);
  BOOST_TEST(w.at("server").starts() == 3);
  BOOST_TEST(told->lost_connections >= 1);
}

BOOST_AUTO_TEST_CASE(shrinking_finds_the_faults_that_matter) {
  const auto plan = draw_plan(prng{3}, three_machines());
  BOOST_REQUIRE(plan.size() > 20);
  const auto first = plan[4];
  const auto second = plan[17];
  int runs = 0;
  const auto small = shrink(plan, [&](const fault_plan& p) {
    ++runs;
    return std::find(p.begin(), p.end(), first) != p.end() && std::find(p.begin(), p.end(), second) != p.end();
  });
  BOOST_TEST((small == fault_plan{first, second}), to_string(small));
  BOOST_TEST(runs < 100);
  BOOST_TEST(shrink(plan, [](const fault_plan&) { return true; }).empty());
  BOOST_TEST((shrink(plan, [](const fault_plan&) { return false; }) == plan));
}
