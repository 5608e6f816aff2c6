#include "test/sim/cluster/one_node_run.hpp"

#include "runtime/sim/fault_draw.hpp"
#include "runtime/sim/world.hpp"
#include "test/sim/cluster/appends.hpp"
#include "tools/sim/node_process.hpp"

#include <algorithm>

namespace troupe::cluster_sim {

namespace {

using namespace std::chrono_literals;

constexpr auto safety_phase = 5s;
constexpr auto liveness_patience = 120s;

/// Reads the whole partition of a healed node, which holds `count` records at least. Its high watermark may come up
/// to them only after a while.
std::map<std::int64_t, std::string> read_all(sim::world& w, const target& from, std::int64_t count,
                                             std::vector<std::string>& wrong) {
  client reading{w, "reader"};
  append_history seen;
  tailer all{reading, from, seen};
  all.start();
  if (!w.run_until([&] { return all.position() >= count && all.position() == all.high_watermark(); },
                   liveness_patience))
    wrong.push_back("the healed node does not serve all records");
  all.stop();
  wrong.insert(wrong.end(), seen.defects.begin(), seen.defects.end());
  return seen.read;
}

}  // namespace

sim::fault_plan plan_of_one_node(std::uint64_t seed, bool disk_fails) {
  using sim::fault_action;
  std::set<fault_action> without = {fault_action::wipe};
  if (!disk_fails)
    without.insert(fault_action::disk_fault);
  return sim::draw_plan(sim::prng{seed, "plan"}, {.machines = {"n1"},
                                                  .clients = {"c1"},
                                                  .from = 0s,
                                                  .until = safety_phase,
                                                  .count = 40,
                                                  .recovery = 0s,
                                                  .without = std::move(without)});
}

run_result run_one_node(std::uint64_t seed, const sim::fault_plan& plan, sim::trace::listener listen) {
  run_result result;
  node_defects defects;
  append_history history;
  sim::world w{{.seed = seed}};
  w.told().listen(std::move(listen));
  const std::vector<std::string> settings = {"listeners=PLAINTEXT://n1:9092", "log.dirs=/data",
                                             "log.segment.bytes=1048576"};
  auto& n1 = w.add_machine("n1", make_node(settings, defects));
  client c1{w, "c1"};
  const target to{{"n1", 9092}, "lines", 0};
  appender writing{c1, to, history};
  client c2{w, "c2"};
  tailer reading{c2, to, history};
  n1.start();
  sim::schedule(w, plan);
  writing.start();
  reading.start();
  w.run_for(safety_phase);

  // Everything is healed, and nothing that was acknowledged may depend on what the old process had in memory.
  writing.stop();
  reading.stop();
  w.net().heal_all();
  n1.storage().clear_faults();
  n1.crash();
  n1.start();
  std::int64_t count = 0;
  for (const auto& [value, at] : history.acknowledged)
    count = std::max(count, at + 1);
  if (count > 0) {
    const auto found = read_all(w, to, count, result.wrong);
    const auto wrong = judge(history, found);
    result.wrong.insert(result.wrong.end(), wrong.begin(), wrong.end());
  }
  stop(n1);
  if (!w.run_until([&] { return !n1.is_running(); }, liveness_patience) || n1.exit_reason())
    result.wrong.push_back("the node does not stop cleanly");
  const bool disk_failed = n1.storage().faults_struck() > 0;
  for (const auto& why : defects.failed_starts)
    if (!disk_failed)
      result.wrong.push_back("a start failed: " + why);
  for (const auto& line : defects.errors)
    if (!disk_failed)
      result.wrong.push_back("logged as an error: " + line);
  if (defects.unexpected_mail > 0)
    result.wrong.push_back("unexpected mail");

  result.hash = w.told().hash();
  result.acknowledged = history.acknowledged.size();
  result.starts = n1.starts();
  result.messages = w.messages();
  result.lasted = w.now();
  if (!result.wrong.empty())
    result.events = w.last_events(60);
  return result;
}

}  // namespace troupe::cluster_sim
