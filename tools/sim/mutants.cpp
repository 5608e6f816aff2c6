#include "tools/sim/mutants.hpp"

#include "runtime/base/mutation.hpp"
#include "tools/sim/campaign.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <vector>

namespace troupe::cluster_sim {

#ifdef TROUPE_MUTATIONS

namespace {

/// Where a mutant is looked for first.
enum class hunter : std::uint8_t { seeds, scenarios, storage, quorums, logs, groups };

struct mutant {
  const char* id;
  const char* what;
  hunter by = hunter::seeds;
  const char* tests = "";  ///< of its program, as Boost.Test selects them; empty: all
};

constexpr std::uint64_t seeds_most = 400;

const std::vector<mutant>& catalogue() {
  static const std::vector<mutant> all = {
    {"M01", "a follower cuts its log to its own high watermark"},
    {"M02", "a leader does not look for the largest epoch at or below a follower's"},
    {"M03", "followers and leaders take what comes from an older epoch", hunter::scenarios, "R20_*"},
    {"M04", "the high watermark counts a follower whose log diverges", hunter::scenarios, "R06_M04_*"},
    {"M05", "the high watermark counts whoever is fast, in sync or not"},
    {"M06", "the high watermark moves with fewer in sync than min.insync.replicas", hunter::scenarios, "R09_*"},
    {"M07", "acks=all is answered when the leader has appended"},
    {"M08", "what is not durable counts in topics with durability=fsync"},
    {"M09", "an earlier process's broker epoch is taken for a wish for in-sync replicas", hunter::scenarios, "R10_*"},
    {"M10", "a fenced node stays in sync"},
    {"M11", "a node that lost its disk keeps its place among the eligible replicas", hunter::scenarios, "R15_*"},
    {"M12", "anybody may lead when nobody is in sync"},
    {"M13", "a vote is answered before it is durable", hunter::quorums, "durability,Q03*"},
    {"M14", "a second vote in one term after a restart", hunter::quorums, "durability,Q03*"},
    {"M15", "an entry of an older term is committed by count", hunter::quorums, "replication"},
    {"M16", "a leader stays without a quorum", hunter::quorums, "elections"},
    {"M17", "the directory is not synced when a segment is made", hunter::storage, "D01_*"},
    {"M18", "a log goes on after a failed write or sync", hunter::storage, "D05_*,D10_*"},
    {"M20", "a producer's last batch is remembered, not the last five", hunter::logs, "log_state"},
    {"M21", "followers do not note what producers have sent"},
    {"M22", "EndTxn ignores the epoch", hunter::scenarios, "T05_*"},
    {"M23", "a batch begins a transaction that nobody has", hunter::scenarios, "T04_*"},
    {"M24", "a partition that could not take a marker is not asked again"},
    {"M25", "the last stable offset is taken from a later high watermark"},
    {"M26", "aborted transactions are forgotten when a segment is closed", hunter::logs, "transactions"},
    {"M27", "compaction takes markers before their records", hunter::logs, "transactions"},
    {"M28", "compaction takes tombstones at once", hunter::logs, "compaction"},
    {"M29", "a commit of an old generation is taken", hunter::groups, "groups_*"},
    {"M30", "a partition is given to its next reader before the last one has given it up", hunter::scenarios,
     "G06_one_reads_*"},
    {"M31", "the new id of a static member is not written", hunter::groups, "groups_*"},
    {"M32", "offsets expire while the group rebalances", hunter::groups, "groups_*,expiry"},
    {"M33", "voters are changed before the term has a commit", hunter::quorums, "voters"},
    {"M34", "a file gets its name before its content is durable", hunter::storage, "D02_*"},
    {"M35", "indexes are trusted after an unclean stop", hunter::storage, "D20_appending_*"},
    {"M36", "a reply is matched by its place, not by its number", hunter::scenarios, "M36_*"},
  };
  return all;
}

bool is_wanted(const hunt_options& options, std::string_view id) {
  return options.only.empty() || ("," + options.only + ",").find("," + std::string{id} + ",") != std::string::npos;
}

/// What was found, by whom.
struct catch_report {
  bool caught = false;
  std::uint64_t seeds = 0;
  std::string how;
};

/// The test program of a hunter, in the same build as this one; empty: the hunter is the seeds.
std::filesystem::path program_of(hunter who) {
  const auto tests = std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path() / "test";
  switch (who) {
    case hunter::scenarios: return tests / "sim/cluster/sim_scenarios";
    case hunter::storage: return tests / "sim/storage/sim_storage";
    case hunter::quorums: return tests / "unit/raft/unit_raft";
    case hunter::logs: return tests / "unit/log/unit_log";
    case hunter::groups: return tests / "unit/group/unit_group";
    case hunter::seeds: break;
  }
  return {};
}

/// Whether the tests of `m` pass with `planted` in them.
bool passes(const mutant& m, const std::filesystem::path& program, const char* planted) {
  ::setenv("TROUPE_MUTATION", planted, 1);
  const auto chosen = *m.tests == '\0' ? std::string{} : " --run_test='" + std::string{m.tests} + "'";
  const auto quiet = " --log_level=nothing --report_level=no >/dev/null 2>&1";
  const auto code = std::system((program.string() + chosen + quiet).c_str());
  ::unsetenv("TROUPE_MUTATION");
  return code == 0;
}

/// A mutant is caught by tests that fail with it, and only with it.
catch_report ask_program(const std::filesystem::path& program, const mutant& m) {
  const auto name = program.filename().string() + " " + m.tests;
  if (!std::filesystem::exists(program))
    return {false, 0, "not built: " + program.string()};
  if (!passes(m, program, ""))
    return {false, 0, name + " fails anyway"};
  return passes(m, program, m.id) ? catch_report{false, 0, name + " passes"} : catch_report{true, 0, name + " fails"};
}

catch_report ask_seeds(const mutant& m, std::uint64_t seeds) {
  catch_report out;
  campaign what;
  what.last = seeds;
  what.ends_early = true;
  plant_mutation(m.id);
  const auto all = run_campaign(what, [&](const seed_report& r) {
    ++out.seeds;
    if (r.wrong.empty())
      return;
    out.caught = true;
    out.how = "seed " + std::to_string(r.seed) + ": " + r.wrong.front().substr(0, r.wrong.front().find('\n'));
  });
  plant_mutation("");
  if (!all)
    out.how = render(all.error());
  return out;
}

/// True when it was caught.
bool hunt(const mutant& m, std::uint64_t seeds) {
  const auto began = std::chrono::steady_clock::now();
  catch_report found;
  if (m.by != hunter::seeds)
    found = ask_program(program_of(m.by), m);
  if (!found.caught) {
    auto more = ask_seeds(m, seeds);
    if (more.how.empty())
      more.how = found.how;
    found = std::move(more);
  }
  const auto took = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  char line[160];
  std::snprintf(line, sizeof line, "%s  %-7s %4lu seeds %6.1f s  ", m.id, found.caught ? "caught" : "MISSED",
                static_cast<unsigned long>(found.seeds), took);
  std::cout << line << m.what << "\n";
  if (!found.how.empty())
    std::cout << "      " << found.how.substr(0, 150) << "\n";
  std::cout << std::flush;
  return found.caught;
}

}  // namespace

int hunt_mutants(const hunt_options& options) {
  std::size_t caught = 0, all = 0;
  for (const auto& m : catalogue())
    if (is_wanted(options, m.id)) {
      ++all;
      caught += hunt(m, options.seeds_most > 0 ? options.seeds_most : seeds_most);
    }
  std::cout << "mutants caught " << caught << " of " << all << "\n";
  return caught == all ? 0 : 1;
}

#else

int hunt_mutants(const hunt_options&) {
  std::cerr << "troupe sim --mutants: this build has no planted bugs; make one that does:\n"
               "  cmake -S . -B build/mutants -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DTROUPE_MUTATIONS=ON\n"
               "  ninja -C build/mutants && build/mutants/bin/troupe sim --mutants\n";
  return 2;
}

#endif

}  // namespace troupe::cluster_sim
