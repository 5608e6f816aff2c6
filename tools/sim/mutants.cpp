#include "tools/sim/mutants.hpp"

#include "runtime/base/mutation.hpp"
#include "tools/sim/campaign.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <vector>

namespace troupe::cluster_sim {

#ifdef TROUPE_MUTATIONS

namespace {

struct mutant {
  const char* id;
  const char* what;
};

constexpr std::uint64_t seeds_most = 400;

const std::vector<mutant>& catalogue() {
  static const std::vector<mutant> all = {
    {"M01", "a follower cuts its log to its own high watermark"},
    {"M02", "a leader does not look for the largest epoch at or below a follower's"},
    {"M03", "followers and leaders take what comes from an older epoch"},
    {"M04", "the high watermark counts a follower whose log diverges"},
    {"M05", "the high watermark counts whoever is fast, in sync or not"},
    {"M06", "the high watermark moves with fewer in sync than min.insync.replicas"},
    {"M07", "acks=all is answered when the leader has appended"},
    {"M08", "what is not durable counts in topics with durability=fsync"},
    {"M09", "an earlier process's broker epoch is taken for a wish for in-sync replicas"},
    {"M10", "a fenced node stays in sync"},
    {"M11", "a node that lost its disk keeps its place among the eligible replicas"},
    {"M12", "anybody may lead when nobody is in sync"},
    {"M13", "a vote is answered before it is durable"},
    {"M14", "a second vote in one term after a restart"},
    {"M15", "an entry of an older term is committed by count"},
    {"M16", "a leader stays without a quorum"},
    {"M17", "the directory is not synced when a segment is made"},
    {"M18", "a log goes on after a failed write or sync"},
    {"M33", "voters are changed before the term has a commit"},
    {"M34", "a file gets its name before its content is durable"},
    {"M35", "indexes are trusted after an unclean stop"},
    {"M36", "a reply is matched by its place, not by its number"},
  };
  return all;
}

bool is_wanted(const hunt_options& options, std::string_view id) {
  return options.only.empty() || ("," + options.only + ",").find("," + std::string{id} + ",") != std::string::npos;
}

/// True when it was caught.
bool hunt(const mutant& m, std::uint64_t seeds) {
  const auto began = std::chrono::steady_clock::now();
  plant_mutation(m.id);
  campaign what;
  what.last = seeds;
  what.ends_early = true;
  std::uint64_t tried = 0;
  const auto all = run_campaign(what, [&](const seed_report&) { ++tried; });
  plant_mutation("");
  const auto took = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  const auto failed =
      all ? std::find_if(all->begin(), all->end(), [](const auto& r) { return !r.wrong.empty(); }) : all->end();
  const bool caught = failed != all->end();
  char line[160];
  std::snprintf(line, sizeof line, "%s  %-8s %4lu seeds %7.1f s  %s", m.id, caught ? "caught" : "MISSED",
                static_cast<unsigned long>(tried), took, m.what);
  std::cout << line << "\n";
  if (caught)
    std::cout << "               seed " << failed->seed << ": " << failed->wrong.front().substr(0, 140) << "\n";
  std::cout << std::flush;
  return caught;
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
               "  ninja -C build/mutants troupe && build/mutants/bin/troupe sim --mutants\n";
  return 2;
}

#endif

}  // namespace troupe::cluster_sim
