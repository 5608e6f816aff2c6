// Lost power and damaged disks, with real nodes; the ids are those of the catalogue of bugs. With TROUPE_TRACE in the
// environment, every event is printed.
#include "test/sim/cluster/scenario.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace troupe;
using namespace troupe::cluster_sim;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t seeds[] = {1, 2, 3};

/// Flips a bit in the middle of what node `id` has of the value `text` in partition 0. False when it has none of it.
bool damage(scenario& s, std::int32_t id, const std::string& text) {
  const auto folder = "data/" + std::string{scenario::topic} + "-0/";
  for (auto& [path, content] : s.node(id).storage().files()) {
    const auto found = std::search(content.begin(), content.end(), text.begin(), text.end());
    if (path.find(folder) == std::string::npos || !path.ends_with(".log") || found == content.end())
      continue;
    found[static_cast<std::ptrdiff_t>(text.size() / 2)] ^= 1;
    s.node(id).storage().plant(path, content);
    return true;
  }
  return false;
}

/// Waits for the clean end of node `id`.
void stop_cleanly(scenario& s, std::int32_t id) {
  stop(s.node(id));
  BOOST_REQUIRE(s.in().run_until([&] { return !s.node(id).is_running(); }, 30s));
}

}  // namespace

// The mark promises that all logs are verified and closed; a log that was closed has its index on the disk.
BOOST_AUTO_TEST_CASE(D06_a_stop_before_all_logs_were_verified_is_no_clean_one) {
  const auto has = [](scenario& s, const std::string& ending) {
    const auto files = s.node(2).storage().files();
    return std::any_of(files.begin(), files.end(), [&](const auto& f) { return f.first.ends_with(ending); });
  };
  bool was_early = false, was_late = false;
  for (auto up_for = 0ms; up_for <= 600ms; up_for += 20ms) {
    scenario s{1};
    BOOST_TEST(s.append(1, "line") >= 0);
    s.node(2).crash();
    s.node(2).start();
    s.in().run_for(up_for);
    stop_cleanly(s, 2);
    const bool is_closed = has(s, "data/lines-0/00000000000000000000.index");
    const bool is_marked = has(s, "/.kafka_cleanshutdown");
    BOOST_TEST((is_closed || !is_marked), "marked as clean after " << up_for.count() << " ms");
    (is_marked ? was_late : was_early) = true;
    s.node(2).start();
    s.end_well();
  }
  BOOST_TEST(was_early);
  BOOST_TEST(was_late);
}

BOOST_AUTO_TEST_CASE(R14_the_last_replica_that_lost_its_tail_with_the_power_does_not_lead_while_another_has_it) {
  for (const auto seed : seeds) {
    // One voter, so that both replicas can be away.
    scenario s{seed, cluster_shape{.durability = "replicated",
                                   .settings = {"controller.quorum.auto.join.enable=false"}}};
    BOOST_REQUIRE(s.reassign(1, std::vector{2, 3}) == 0);
    BOOST_REQUIRE(s.await_in_sync(1, 2));
    const auto kept = s.append(1, "kept");
    s.in().run_for(200ms);
    stop_cleanly(s, 3);                                   // T1
    BOOST_REQUIRE(s.await_in_sync(1, 1));
    s.node(2).power_loss({sim::power_loss_mode::weakest, 0});  // T2
    BOOST_REQUIRE(s.await_in_sync(1, 0));
    s.node(2).start();                                    // T3
    s.in().run_for(10s);
    BOOST_TEST(s.leader_of(0, 1) == 0);
    s.node(3).start();                                    // T4
    BOOST_TEST(s.await_leader(1) == 3);
    BOOST_TEST(s.append(1, "later") > kept);
    BOOST_TEST(holds(s.read(3), kept, "kept"));
    BOOST_TEST(s.reassign(1, std::vector{3, 2, 1}) == 0);
    s.end_well();
  }
}

BOOST_AUTO_TEST_CASE(D14_one_loss_of_power_with_pauses_and_kills_around_it_loses_nothing_with_either_durability) {
  for (const auto seed : seeds)
    for (const auto* durability : {"fsync", "replicated"}) {
      scenario s{seed, cluster_shape{.durability = durability, .settings = {"broker.session.timeout.ms=1500",
                                                                          "broker.heartbeat.interval.ms=300"}}};
      const auto old = s.await_leader(1);
      const auto paused = s.other_than(old), third = s.third(old, paused);
      const auto kept = s.append(old, "kept");
      s.node(old).power_loss({sim::power_loss_mode::weakest, 0});
      s.node(paused).pause();
      s.node(old).start();
      s.in().run_for(5s);
      s.node(third).crash();
      s.in().run_for(2s);
      s.node(paused).resume();
      // Whoever leads now: it was in sync after the power came back, or never lost any.
      BOOST_TEST(s.append(paused, "between") > kept);
      BOOST_TEST(holds(s.read(s.await_leader(paused, {third})), kept, "kept"), durability);
      s.node(third).start();
      BOOST_TEST(s.append(paused, "later") > kept);
      BOOST_TEST(holds(s.read(s.await_leader(paused)), kept, "kept"));
      s.end_well();
    }
}

BOOST_AUTO_TEST_CASE(D11_a_bit_that_changed_at_the_leader_does_not_spread_to_its_followers) {
  for (const auto seed : seeds) {
    scenario s{seed};
    const auto leader = s.await_leader(1);
    const auto late = s.other_than(leader), third = s.third(leader, late);
    const auto first = s.append(leader, "first");
    s.node(late).crash();
    const auto damaged = s.append(leader, "this record will be damaged");
    const auto last = s.append(leader, "last");
    s.in().run_for(500ms);
    BOOST_REQUIRE(damage(s, leader, "this record will be damaged"));
    s.node(late).start();
    s.in().run_for(5s);
    // It refuses what does not fit its checksum, keeps what it has, and is not in sync.
    BOOST_TEST(s.log_of(late, 0).log_end().value == first + 1);
    BOOST_TEST(s.await_in_sync(leader, 2));
    // The other one has it all, and repairs it.
    BOOST_REQUIRE(s.let_lead(third, leader));
    BOOST_TEST(s.await_in_sync(third, 3));
    const auto found = s.read(third);
    BOOST_TEST(holds(found, damaged, "this record will be damaged"));
    BOOST_TEST(holds(found, last, "last"));
    BOOST_TEST(s.log_of(late, 0).log_end().value == last + 1);
  }
}

BOOST_AUTO_TEST_CASE(D12_bits_that_changed_on_two_of_five_lose_nothing_that_was_acknowledged) {
  for (const auto seed : seeds) {
    scenario s{seed, cluster_shape{.nodes = 5, .replicas = 5, .min_in_sync = 3}};
    const auto kept = s.append(1, "kept on three at least");
    s.in().run_for(500ms);
    const auto whole = s.await_leader(1);
    std::vector<std::int32_t> hurt;
    for (std::int32_t id = 1; id <= 5 && hurt.size() < 2; ++id)
      if (id != whole)
        hurt.push_back(id);
    for (const auto id : hurt)
      BOOST_REQUIRE(damage(s, id, "kept on three at least"));
    for (std::int32_t id = 1; id <= 5; ++id) {
      BOOST_REQUIRE(s.let_lead(id, whole));
      const auto found = s.read(id);
      if (std::find(hurt.begin(), hurt.end(), id) == hurt.end())
        BOOST_TEST(holds(found, kept, "kept on three at least"));
      else if (found)  // an error, or nothing; never other bytes as if they were the record's
        BOOST_TEST((!found->contains(kept) || found->at(kept) == "kept on three at least"));
      BOOST_TEST(s.log_of(whole, 0).log_end().value > kept);
    }
  }
}
