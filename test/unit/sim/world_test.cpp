#include "runtime/sim/world.hpp"
#include "test/unit/sim/ping.hpp"

#include <caf/all.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <ctime>
#include <set>

struct tick {};
struct count_down {
  int left = 0;
};
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(count_down)

namespace {

using namespace troupe;
using namespace troupe::sim;
using namespace troupe::sim::test;
using namespace std::chrono_literals;

/// A machine whose root is `behaviour`, called with the machine.
template <class F>
boot boot_of(F behaviour) {
  return [behaviour](machine& m) { return process{m.system().spawn(behaviour, &m), nullptr}; };
}

struct ping_world {
  explicit ping_world(std::uint64_t seed)
    : w({.seed = seed}),
      server(w.add_machine("server", make_ponger())),
      client(w.add_machine("client", make_pinger("server", told))) {
    server.start();
    client.start();
  }
  std::shared_ptr<score> told = std::make_shared<score>();
  world w;
  machine& server;
  machine& client;
};

std::uint64_t hash_of_run(std::uint64_t seed) {
  ping_world p{seed};
  p.w.at(500ms, [&] { p.server.crash(); });
  p.w.at(900ms, [&] { p.server.start(); });
  p.w.at(1500ms, [&] { p.client.pause(); });
  p.w.at(1600ms, [&] { p.client.resume(); });
  p.w.at(2s, [&] { p.w.net().cut_both("client", "server"); });
  p.w.at(2500ms, [&] { p.w.net().heal_all(); });
  p.w.run_for(3s);
  return p.w.told().hash();
}

/// Writes down the local time of each tick, which it asks for every 100 ms.
struct ticker_log {
  std::vector<virtual_time> at;
};

boot make_ticker(const world& in, std::shared_ptr<ticker_log> log) {
  return boot_of([&in, log](caf::event_based_actor* self, machine*) -> caf::behavior {
    self->delayed_send(self, 100ms, tick{});
    return {[=, &in](const tick&) {
      log->at.push_back(in.now());
      self->delayed_send(self, 100ms, tick{});
    }};
  });
}

}  // namespace

// -- messages and determinism ---------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(two_machines_talk_over_the_network) {
  ping_world p{1};
  BOOST_TEST(p.w.run_until([&] { return p.told->numbers.size() >= 100; }, 10s), p.w.last_events(20));
  for (std::size_t i = 0; i < p.told->numbers.size(); ++i)
    BOOST_TEST(p.told->numbers[i] == static_cast<int>(i + 1));
  BOOST_TEST(p.told->lost_connections == 0);
}

BOOST_AUTO_TEST_CASE(a_seed_is_a_run) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed)
    BOOST_TEST(hash_of_run(seed) == hash_of_run(seed), "seed " << seed);
}

BOOST_AUTO_TEST_CASE(other_seeds_are_other_runs) {
  std::set<std::uint64_t> hashes;
  for (std::uint64_t seed = 1; seed <= 20; ++seed)
    hashes.insert(hash_of_run(seed));
  BOOST_TEST(hashes.size() == 20);
}

BOOST_AUTO_TEST_CASE(the_trace_names_machine_actor_and_message) {
  std::vector<std::string> lines;  // the world speaks until its end
  ping_world p{1};
  p.w.told().listen([&](const std::string& line) { lines.push_back(line); });
  p.w.run_until([&] { return p.told->numbers.size() >= 3; }, 10s);
  const auto has = [&](const std::string& part) {
    return std::any_of(lines.begin(), lines.end(), [&](const auto& l) { return l.find(part) != std::string::npos; });
  };
  BOOST_TEST(has("client sim::test::pinger_state#"), p.w.last_events(20));
  BOOST_TEST(has("< sim::test::arrived"));
  BOOST_TEST(has("server listens on port 7"));
  BOOST_TEST(p.w.last_events(3).starts_with("seed 1\n"));
}

BOOST_AUTO_TEST_CASE(each_mode_of_picking_gets_through) {
  for (const auto mode : {pick_mode::uniform, pick_mode::fifo, pick_mode::starve_one, pick_mode::priority_change,
                          pick_mode::drain_one}) {
    world w{{.seed = 3, .mode = mode}};
    auto told = std::make_shared<score>();
    w.add_machine("server", make_ponger()).start();
    w.add_machine("client", make_pinger("server", told)).start();
    BOOST_TEST(w.run_until([&] { return told->numbers.size() >= 20; }, 60s), static_cast<int>(mode));
  }
}

BOOST_AUTO_TEST_CASE(a_loop_of_messages_does_not_stop_time) {
  world w;
  auto& m = w.add_machine("n1", boot_of([](caf::event_based_actor* self, machine*) -> caf::behavior {
    self->send(self, tick{});
    return {[=](const tick&) { self->send(self, tick{}); }};
  }));
  m.start();
  w.run_for(10ms);
  BOOST_TEST(w.now().count() == virtual_time{10ms}.count());
  BOOST_TEST(w.messages() > 500);
}

// -- time -----------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(timers_follow_the_clock_of_their_machine) {
  world w{{.drift_ppm_most = 0}};
  auto exact = std::make_shared<ticker_log>();
  auto fast = std::make_shared<ticker_log>();
  w.add_machine("exact", make_ticker(w, exact)).start();
  auto& quick = w.add_machine("fast", make_ticker(w, fast));
  quick.time().set_drift(100'000);
  quick.start();
  w.run_for(100s);
  // A message's cost comes on top of each pause.
  BOOST_TEST(exact->at.size() >= 998);
  BOOST_TEST(exact->at.size() <= 1'000);
  BOOST_TEST(fast->at.size() >= 1'097);
  BOOST_TEST(fast->at.size() <= 1'100);
}

BOOST_AUTO_TEST_CASE(time_jumps_to_the_next_timer) {
  world w{{.drift_ppm_most = 0}};
  auto log = std::make_shared<ticker_log>();
  w.add_machine("n1", make_ticker(w, log)).start();
  const auto before = w.messages();
  w.run_for(3600s);
  BOOST_TEST(log->at.size() > 35'900);
  BOOST_TEST(w.messages() - before < 36'100);
}

BOOST_AUTO_TEST_CASE(a_paused_machine_does_nothing_and_its_timers_fire_late) {
  world w{{.drift_ppm_most = 0}};
  auto log = std::make_shared<ticker_log>();
  auto& m = w.add_machine("n1", make_ticker(w, log));
  m.start();
  w.run_for(250ms);
  m.pause();
  w.run_for(10s);
  BOOST_TEST(log->at.size() == 2);
  m.resume();
  w.run_for(1ms);
  BOOST_REQUIRE(log->at.size() == 3);
  BOOST_TEST((log->at.back() - 10'250ms).count() < virtual_time{1ms}.count());
}

BOOST_AUTO_TEST_CASE(a_request_times_out_by_the_clock_of_its_machine) {
  world w{{.drift_ppm_most = 0}};
  std::vector<virtual_time> timed_out;
  auto& m = w.add_machine("slow", boot_of([&](caf::event_based_actor* self, machine* on) -> caf::behavior {
    auto silent = self->spawn([](caf::event_based_actor* s, machine*) -> caf::behavior {
      return {[s](const tick&) { return s->make_response_promise<count_down>(); }};
    }, on);
    self->request(silent, 10s, tick{}).then([](const count_down&) {}, [&](const caf::error&) {
      timed_out.push_back(w.now());
    });
    return {[silent](int) {}};
  }));
  m.time().set_drift(-100'000);
  m.start();
  w.run_for(20s);
  BOOST_REQUIRE(timed_out.size() == 1);
  BOOST_TEST(timed_out[0].count() / 1'000'000 >= 11'111);
  BOOST_TEST(timed_out[0].count() / 1'000'000 <= 11'112);
}

BOOST_AUTO_TEST_CASE(world_timers_come_in_order_and_at_their_time) {
  world w;
  std::vector<std::pair<int, virtual_time>> seen;
  w.after(2s, [&] { seen.emplace_back(2, w.now()); });
  w.after(1s, [&] { seen.emplace_back(1, w.now()); });
  w.after(2s, [&] { seen.emplace_back(3, w.now()); });
  while (w.step())
    continue;
  BOOST_TEST(seen.size() == 3);
  BOOST_TEST(seen[0].first == 1);
  BOOST_TEST(seen[1].first == 2);
  BOOST_TEST(seen[2].first == 3);
  BOOST_TEST(seen[2].second.count() == virtual_time{2s}.count());
}

// -- the life of a machine ------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_crash_is_heard_by_others_only_through_their_connections) {
  ping_world p{5};
  p.w.run_until([&] { return p.told->numbers.size() >= 10; }, 10s);
  p.server.crash();
  BOOST_TEST(!p.server.is_running());
  BOOST_TEST(p.told->lost_connections == 0);
  BOOST_TEST(p.w.run_until([&] { return p.told->lost_connections == 1; }, 1s));
  BOOST_TEST(p.w.run_until([&] { return p.told->failed_dials >= 2; }, 1s));
  p.server.start();
  const auto before = p.told->numbers.size();
  BOOST_TEST(p.w.run_until([&] { return p.told->numbers.size() > before + 10; }, 2s));
}

BOOST_AUTO_TEST_CASE(a_crash_handles_no_mail_and_has_no_effect_outside) {
  struct state {
    ~state() {
      if (!on)
        return;
      on->log().write(log_level::error, "state", "destroyed");
      (void)on->storage().open("/left-behind", open_mode::create);
      ++*destroyed;
    }
    machine* on = nullptr;
    int* destroyed = nullptr;
    int* handled = nullptr;
  };
  int destroyed = 0;
  int handled = 0;
  world w;
  auto& m = w.add_machine("n1", boot_of([&](caf::stateful_actor<state>* self, machine* on) -> caf::behavior {
    self->state.on = on;
    self->state.destroyed = &destroyed;
    self->state.handled = &handled;
    self->set_exit_handler([&](caf::exit_msg&) { ++handled; });
    return {[self](const tick&) { ++*self->state.handled; }};
  }));
  m.start();
  w.run_for(1ms);
  for (int i = 0; i < 5; ++i)
    caf::anon_send(m.root(), tick{});
  m.crash();
  BOOST_TEST(destroyed == 1);
  BOOST_TEST(handled == 0);
  BOOST_TEST(w.last_events(5).find("destroyed") == std::string::npos);
  BOOST_TEST(!*m.storage().exists("/left-behind"));
}

BOOST_AUTO_TEST_CASE(all_actors_end_with_their_machine_also_those_that_others_have_spawned) {
  world w;
  auto& m = w.add_machine("n1", boot_of([](caf::event_based_actor* self, machine* on) -> caf::behavior {
    return {[self, on](const count_down& order) {
      if (order.left > 0)
        for (int i = 0; i < 2; ++i)
          self->send(self->spawn([](caf::event_based_actor* child, machine*) -> caf::behavior {
            child->delayed_send(child, 1s, tick{});
            return {[child](const tick&) { child->delayed_send(child, 1s, tick{}); }, [](const count_down&) {}};
          }, on), order);
      self->send(self, count_down{order.left - 1});
    }};
  }));
  for (int cycle = 0; cycle < 200; ++cycle) {
    m.start();
    caf::anon_send(m.root(), count_down{5});
    w.run_for(std::chrono::microseconds{50 * (cycle % 20)});
    m.crash();
    BOOST_TEST(m.actor_count() == 0);
  }
  BOOST_TEST(m.starts() == 200);
}

BOOST_AUTO_TEST_CASE(pings_survive_two_hundred_crashes_of_both_sides) {
  ping_world p{9};
  auto random = p.w.stream("test");
  for (int cycle = 0; cycle < 200; ++cycle) {
    auto& victim = random.below(2) == 0 ? p.server : p.client;
    p.w.run_for(std::chrono::microseconds{random.below(30'000)});
    if (random.below(3) == 0)
      victim.power_loss({power_loss_mode::weakest, random.below(10)});
    else
      victim.crash();
    p.w.run_for(std::chrono::microseconds{random.below(3'000)});
    victim.start();
  }
  const auto before = p.told->numbers.size();
  BOOST_TEST(p.w.run_until([&] { return p.told->numbers.size() > before + 10; }, 130s), p.w.last_events(30));
}

BOOST_AUTO_TEST_CASE(a_process_ends_with_its_root) {
  world w;
  auto& m = w.add_machine("n1", boot_of([](caf::event_based_actor* self, machine* on) -> caf::behavior {
    self->spawn([](caf::event_based_actor*, machine*) -> caf::behavior { return {[](int) {}}; }, on);
    return {[self](const tick&) { self->quit(caf::exit_reason::out_of_workers); }};
  }));
  m.start();
  w.run_for(1ms);
  BOOST_TEST(m.is_running());
  caf::anon_send(m.root(), tick{});
  w.run_for(1ms);
  BOOST_TEST(!m.is_running());
  BOOST_TEST((m.exit_reason() == caf::exit_reason::out_of_workers));
  m.start();
  BOOST_TEST(m.is_running());
  BOOST_TEST(!m.exit_reason());
}

BOOST_AUTO_TEST_CASE(a_process_dies_in_the_middle_of_a_handler_at_an_operation_on_its_disk) {
  world w;
  auto& m = w.add_machine("n1", boot_of([](caf::event_based_actor*, machine* on) -> caf::behavior {
    return {[on](const tick&) {
      for (int i = 0; i < 10; ++i) {
        (void)on->storage().open("/file" + std::to_string(i), open_mode::create);
        on->log().write(log_level::info, "test", "made " + std::to_string(i));
      }
    }};
  }));
  m.start();
  w.run_for(1ms);
  m.crash_at_disk_op(3);
  caf::anon_send(m.root(), tick{});
  w.run_for(1ms);
  BOOST_TEST(!m.is_running());
  BOOST_TEST(*m.storage().exists("/file2"));
  BOOST_TEST(!*m.storage().exists("/file3"));
  BOOST_TEST(w.last_events(50).find("made 2") != std::string::npos);
  BOOST_TEST(w.last_events(50).find("made 3") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(power_loss_takes_what_was_not_synced) {
  world w;
  auto& m = w.add_machine("n1", boot_of([](caf::event_based_actor*, machine*) -> caf::behavior {
    return {[](const tick&) {}};
  }));
  m.start();
  const auto write = [&](const std::string& name, bool synced) {
    auto file = *m.storage().open(name, open_mode::create);
    const auto text = as_bytes("text");
    BOOST_TEST(!file->write(0, std::span{&text, 1}));
    if (synced)
      BOOST_TEST(!file->sync());
  };
  write("/kept", true);
  BOOST_TEST(!m.storage().sync_directory("/"));
  write("/lost", false);
  m.power_loss({power_loss_mode::weakest, 0});
  BOOST_TEST(*m.storage().exists("/kept"));
  BOOST_TEST(!*m.storage().exists("/lost"));
  m.start();
  m.wipe();
  BOOST_TEST(!*m.storage().exists("/kept"));
}

// -- slow disks -----------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_slow_disk_holds_up_the_actors_that_use_it_and_no_others) {
  world w{{.drift_ppm_most = 0}};
  std::vector<virtual_time> written;
  std::vector<virtual_time> idle;
  auto& m = w.add_machine("n1", boot_of([&](caf::event_based_actor* self, machine* on) -> caf::behavior {
    auto writer = self->spawn([&written, &w](caf::event_based_actor*, machine* here) -> caf::behavior {
      return {[&written, &w, here](const tick&) {
        (void)here->storage().open("/f", open_mode::create);
        here->storage().sync_directory("/");
        written.push_back(w.now());
      }};
    }, on);
    self->delayed_send(self, 1ms, tick{});
    return {[self, writer, &idle, &w](const tick&) {
      idle.push_back(w.now());
      self->send(writer, tick{});
      self->delayed_send(self, 1ms, tick{});
    }};
  }));
  m.slow_down({1'000'000, 50ms});
  m.start();
  w.run_for(2s);
  BOOST_TEST(idle.size() > 1'900);
  BOOST_TEST(written.size() < 300);
  BOOST_TEST(written.size() > 30);
}

// -- places in product code -----------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(sites_fire_in_a_quarter_of_the_worlds_a_quarter_of_the_time_and_nowhere_else) {
  const auto run = [](std::uint64_t seed, bool disturbs) {
    world w{{.seed = seed, .disturbs_sites = disturbs}};
    int fired = 0;
    w.after(1s, [&] {
      for (int i = 0; i < 1'000; ++i)
        fired += buggify("a test") ? 1 : 0;
      probe("a rare state");
    });
    w.run_for(2s);
    BOOST_TEST(w.probes().find("a rare state")->second == 1);
    return fired;
  };
  int worlds = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    const auto fired = run(seed, true);
    BOOST_TEST((fired == 0 || (fired > 180 && fired < 320)));
    worlds += fired > 0 ? 1 : 0;
  }
  BOOST_TEST(worlds > 70);
  BOOST_TEST(worlds < 130);
  BOOST_TEST(run(1, false) == 0);
  BOOST_TEST(!buggify("a test"));
}

// -- speed ----------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(speed_is_printed) {
  world w;
  auto& m = w.add_machine("n1", boot_of([](caf::event_based_actor* self, machine* on) -> caf::behavior {
    auto echo = self->spawn([](caf::event_based_actor*, machine*) -> caf::behavior {
      return {[](const count_down& ping) { return ping; }};
    }, on);
    self->send(echo, count_down{0});
    return {[self, echo](const count_down& pong) { self->send(echo, pong); }};
  }));
  m.start();
  const auto begun = std::clock();
  while (w.messages() < 1'000'000)
    w.step();
  const auto seconds = static_cast<double>(std::clock() - begun) / CLOCKS_PER_SEC;
  BOOST_TEST_MESSAGE(static_cast<std::uint64_t>(1'000'000 / seconds) << " messages a second of processor time");
}
