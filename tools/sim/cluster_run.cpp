#include "tools/sim/cluster_run.hpp"

#include "runtime/check/judge.hpp"
#include "runtime/sim/fault_draw.hpp"
#include "tools/sim/cluster_operator.hpp"
#include "tools/sim/group_churn.hpp"
#include "tools/sim/simulated_cluster.hpp"
#include "tools/sim/topic_churn.hpp"
#include "tools/sim/transaction_churn.hpp"
#include "tools/sim/worker.hpp"

#include <algorithm>
#include <set>

namespace troupe::cluster_sim {

namespace {

using namespace std::chrono_literals;

constexpr auto faults_from = 8s;
constexpr auto faults_share = 20s;  // of which time there are so many:
constexpr std::uint64_t faults_least = 10;
constexpr std::uint64_t faults_most = 60;
constexpr std::uint64_t clean_restarts_most = 3;
constexpr std::uint64_t blackout_share = 4;  // of the seeds, one in so many
constexpr auto blackout_slowness = 40ms;
constexpr auto look_pause = 50ms;
constexpr auto resting = 10s;
constexpr std::uint64_t idle_messages_most = 2'000;  // a pair of nodes; timers that pile up make more
constexpr unsigned turns_between_looks = 32;  // at whether all have come to an end
constexpr int worker_count = 3;
constexpr auto liveness_patience = 120s;

/// A client of its own for each worker.
struct working_client {
  working_client(simulated_cluster& cluster, int number, const worker::surroundings& around)
    : by(cluster.in(), "c" + std::to_string(number)),
      routed(by, cluster.addresses(), simulated_cluster::topic),
      works(check::client_id{number}, routed, around) {}

  client by;
  cluster_client routed;
  worker works;
};

/// With every fifth seed machines lose their disks; with the others disks fail, and lose nothing that was durable.
bool loses_disks(const run_options& options) {
  return options.seed % 5 == 0 && shape_of(options).nodes > 1;
}

class run {
 public:
  run(const run_options& options, cluster_result& result)
    : how_(options),
      seed_(options.seed),
      result_(result),
      cluster_({.seed = options.seed}, shape_of(options)),
      wishes_({.partition_count = simulated_cluster::partition_count}, options.seed),
      operator_(cluster_, result.wrong, cluster_.shape().nodes > 1 && !loses_disks(options)),
      churn_(cluster_, result.wrong),
      group_(cluster_, result.wrong),
      transactions_(cluster_, result.wrong),
      watch_(cluster_, result.wrong) {}

  void go(const sim::fault_plan& plan, run_listeners listen) {
    cluster_.in().told().listen(std::move(listen.events));
    watch_.tell(std::move(listen.sightings));
    watch_.start();
    if (!cluster_.form())
      return note("the nodes do not form a cluster");
    for (int i = 1; i <= worker_count && !how_.idle; ++i)
      clients_.push_back(std::make_unique<working_client>(
        cluster_, i, worker::surroundings{wishes_, told_, result_.wrong}));
    for (const auto& f : plan)
      if (f.action == sim::fault_action::disk_fault)
        failing_disks_.insert(f.host);
    sim::schedule(cluster_.in(), plan);
    if (!plan.empty())
      schedule_clean_restarts();
    if (!plan.empty() && seed_ % blackout_share == 0 && !cluster_.shape().trusts_memory())
      schedule_blackout();
    start_all();
    if (operates()) {
      operator_.start();
      churn_.start();
      group_.start();
      transactions_.start();
    }
    const auto until = faults_from + how_.faults_for;
    cluster_.in().run_for(until - std::min<sim::virtual_time>(cluster_.in().now(), until));
    heal();
    if (!come_to_rest() || !read_everything())
      return;
    finish();
  }

  void sum_up() {
    for (auto& defect : cluster_.wrong_with_processes(failing_disks_.empty()))
      note(std::move(defect));
    result_.hash = cluster_.in().told().hash();
    for (const auto* m : cluster_.in().machines())
      result_.starts += m->starts();
    result_.messages = cluster_.in().messages();
    result_.lasted = cluster_.in().now();
    result_.probes = {cluster_.in().probes().begin(), cluster_.in().probes().end()};
    if (!result_.wrong.empty())
      result_.events = cluster_.in().last_events(80);
  }

 private:
  bool operates() const { return how_.operates && !how_.idle; }
  void note(std::string what) { result_.wrong.push_back(std::move(what)); }

  void start_all() {
    for (auto& c : clients_)
      c->works.start();
  }

  /// Beside the plan, nodes are told to stop in the middle of the work, and started again when they have.
  void schedule_clean_restarts() {
    sim::prng random{seed_, "clean restarts"};
    for (auto left = random.below(clean_restarts_most + 1); left > 0; --left) {
      auto& m = *cluster_.in().machines()[random.below(cluster_.in().machines().size())];
      const auto within = std::chrono::microseconds{how_.faults_for};
      const auto at = faults_from + std::chrono::microseconds{random.below(static_cast<std::uint64_t>(within.count()))};
      cluster_.in().at(at, [this, &m] {
        if (!m.is_running())
          return;
        stop(m);
        stopping_.insert(&m);
        start_when_stopped(m);
      });
    }
  }

  /// In the middle of the work all nodes lose power at once, while their disks are slow, so that much is on its way. In
  /// topics with durability=fsync that loses nothing.
  void schedule_blackout() {
    sim::prng random{seed_, "blackout"};
    const auto within = std::chrono::microseconds{how_.faults_for};
    const auto at = faults_from + std::chrono::microseconds{random.below(static_cast<std::uint64_t>(within.count()))};
    cluster_.in().at(at - std::min<sim::virtual_time>(at, 1s), [this] {
      for (auto* m : cluster_.in().machines())
        m->slow_down({500'000, blackout_slowness});
    });
    cluster_.in().at(at, [this] {
      for (auto* m : cluster_.in().machines()) {
        stopping_.erase(m);
        m->power_loss({sim::power_loss_mode::weakest, seed_});
        m->slow_down({});
        m->start();
      }
    });
  }

  void start_when_stopped(sim::machine& m) {
    cluster_.in().after(look_pause, [this, &m] {
      if (!stopping_.contains(&m))
        return;
      if (m.is_running())
        return start_when_stopped(m);
      stopping_.erase(&m);
      m.start();
    });
  }

  bool all_idle(const std::string& complaint) {
    const auto idle = [](const auto& c) { return c->works.is_idle(); };
    unsigned turn = 0;
    if (cluster_.in().run_until(
            [&] {
              return ++turn % turns_between_looks == 0
                     && std::all_of(clients_.begin(), clients_.end(), idle) && operator_.is_idle() && churn_.is_idle()
                     && (!operates() || (group_.is_settled() && transactions_.is_idle()));
            },
            liveness_patience))
      return true;
    if (!churn_.is_idle())
      note(complaint + ": " + churn_.describe());
    if (operates() && !group_.is_settled())
      note(complaint + ": " + group_.describe());
    if (operates() && !transactions_.is_idle())
      note(complaint + ": " + transactions_.describe());
    if (!operator_.is_idle())
      note(complaint + ": the operator");
    for (const auto& c : clients_)
      if (!c->works.is_idle())
        note(complaint + ": " + c->works.describe());
    return false;
  }

  void heal() {
    cluster_.in().leave_sites_alone();
    cluster_.in().net().heal_all();
    for (auto* m : cluster_.in().machines()) {
      m->spare();
      m->resume();
      m->slow_down({});
      m->storage().clear_faults();
      // A log whose disk has failed takes no more writes until somebody has seen to the disk and starts the node again.
      if (stopping_.erase(m) > 0 || failing_disks_.contains(m->name()))
        m->crash();
      m->start();
    }
  }

  bool come_to_rest() {
    for (auto& c : clients_)
      c->works.stop();
    operator_.stop();
    churn_.stop();
    group_.settle();
    transactions_.stop();
    if (!all_idle("does not come to an end after healing"))
      return false;
    group_.stop();
    if (seed_ % 2 == 1 && !cluster_.shape().trusts_memory()) {
      for (auto* m : cluster_.in().machines())
        m->power_loss({sim::power_loss_mode::weakest, seed_});
      for (auto* m : cluster_.in().machines())
        m->start();
    }
    if (cluster_.settle(liveness_patience))
      return true;
    note("not all replicas come into sync");
    return false;
  }

  bool read_everything() {
    auto ends = cluster_.ask_ends(liveness_patience);
    if (!ends) {
      note("not all partitions tell where they end");
      return false;
    }
    told_.final_reads_begin(cluster_.in().now());
    wishes_.begin_final_reads(std::move(*ends));
    start_all();
    return all_idle("does not read everything") && read_transactions();
  }

  /// Whatever nobody ended has run out of its time by now.
  bool read_transactions() {
    if (!operates())
      return true;
    transactions_.begin_final_read();
    if (!cluster_.in().run_until([&] { return transactions_.has_read_everything(); }, liveness_patience)) {
      note("transactions stay open: " + transactions_.describe());
      return false;
    }
    transactions_.judge();
    return true;
  }

  void rest() {
    const auto before = cluster_.in().messages();
    cluster_.in().run_for(resting);
    result_.idle_messages = cluster_.in().messages() - before;
    const auto nodes = cluster_.in().machines().size();
    if (result_.idle_messages > idle_messages_most * std::max<std::size_t>(1, nodes * (nodes - 1)))
      note("the nodes have nothing to do, and handle " + std::to_string(result_.idle_messages) + " messages in "
           + std::to_string(resting.count()) + " s");
  }

  void finish() {
    rest();
    for (auto& wrong : cluster_.stop_all())
      note(std::move(wrong));
    for (auto& wrong : cluster_.wrong_with_replicas())
      note(std::move(wrong));
    const auto judged = check::judge(told_.take());
    if (!judged)
      return note(render(judged.error()));
    result_.acknowledged = judged->acknowledged_count;
    result_.read = judged->read_count;
    if (!judged->ok())
      note(check::to_text(*judged));
  }

  const run_options how_;
  const std::uint64_t seed_;
  cluster_result& result_;
  simulated_cluster cluster_;
  workload::list_append wishes_;
  check::recorder told_;
  std::vector<std::unique_ptr<working_client>> clients_;
  std::set<sim::machine*> stopping_;
  std::set<std::string> failing_disks_;  ///< of these machines
  cluster_operator operator_;
  topic_churn churn_;
  group_churn group_;
  transaction_churn transactions_;
  watcher watch_;
};

}  // namespace

sim::fault_plan plan_of_cluster(const run_options& options) {
  const auto share = static_cast<std::uint64_t>(std::max<std::int64_t>(1, options.faults_for / faults_share));
  const auto drawn = sim::prng{options.seed, "fault count"}.below(faults_most - faults_least + 1);
  const auto shape = shape_of(options);
  auto without = options.without;
  without.insert(loses_disks(options) ? sim::fault_action::disk_fault : sim::fault_action::wipe);
  // Nobody who starts anew after a crash is believed to have all there: with a lost disk beside it, nobody may be left.
  if (shape.trusts_memory())
    without.insert({sim::fault_action::power_loss, sim::fault_action::power_loss_at_disk_op, sim::fault_action::wipe});
  sim::plan_options limits{.machines = {},
                           .clients = {},
                           .from = faults_from,
                           .until = faults_from + options.faults_for,
                           .count = share * (faults_least + drawn),
                           .down_most = shape.nodes == 5 ? 2u : 1u,
                           .damaged_most = loses_disks(options) ? 1u : 0u,
                           .recovery = 1s,
                           .without = std::move(without)};
  if (!options.idle)
    limits.clients = {"c1", "c2", "c3", "m1", "m2"};
  for (std::int32_t id = 1; id <= shape.nodes; ++id)
    limits.machines.push_back(simulated_cluster::name_of(id));
  return sim::draw_plan(sim::prng{options.seed, "plan"}, limits);
}

cluster_result run_cluster(const run_options& options, const sim::fault_plan& plan, run_listeners listen) {
  cluster_result result;
  run it{options, result};
  it.go(plan, std::move(listen));
  it.sum_up();
  return result;
}

}  // namespace troupe::cluster_sim
