#include "tools/sim.hpp"

#include "tools/sim/campaign.hpp"
#include "tools/sim/mutants.hpp"
#include "tools/sim/timeline.hpp"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <thread>

namespace troupe::tools {

namespace {

using namespace cluster_sim;
using seconds = std::chrono::duration<double>;

constexpr int run_failed = 1, bad_options = 2;
constexpr std::size_t wrong_shown = 10;

int complain(const std::string& why) {
  std::cerr << "troupe sim: " << why << "\n";
  return bad_options;
}

std::string hex(std::uint64_t n) {
  char out[17];
  std::snprintf(out, sizeof out, "%016lx", static_cast<unsigned long>(n));
  return out;
}

bool read_number(std::string_view word, std::uint64_t& into) {
  const auto [end, failed] = std::from_chars(word.data(), word.data() + word.size(), into);
  return failed == std::errc{} && end == word.data() + word.size();
}

bool read_seeds(const std::string& text, campaign& into) {
  const auto dots = text.find("..");
  if (!read_number(std::string_view{text}.substr(0, dots), into.first))
    return false;
  into.last = into.first;
  return dots == std::string::npos
         || (read_number(std::string_view{text}.substr(dots + 2), into.last) && into.last >= into.first);
}

expected<campaign> campaign_of(const sim_options& options) {
  campaign out;
  const auto bad = [](const std::string& why) { return sim::make_error(sim::plan_errc::bad_plan, why); };
  if (!read_seeds(options.seeds, out))
    return bad("--seeds " + options.seeds + ": say A..B with A not above B, or one number");
  if (!(options.minutes >= 0) || options.minutes > 24 * 60)
    return bad("--minutes must be between 0 and 1440, virtual ones");
  if (!is_node_count(options.nodes))
    return bad("--nodes " + std::to_string(options.nodes)
               + ": there are clusters of 1, 3 or 5 nodes; 0 lets the seed draw");
  out.how.nodes = options.nodes;
  const auto wanted = parse_kinds(options.faults);
  if (!wanted)
    return with_context("--faults", wanted.error());
  out.how.faults_for = std::chrono::seconds{std::lround(options.minutes * 60)};
  out.how.without.clear();
  for (const auto kind : sim::all_fault_actions())
    if (!wanted->contains(kind))
      out.how.without.insert(kind);
  out.how.idle = options.idle;
  out.jobs = options.jobs > 0 ? options.jobs : std::max(1u, std::thread::hardware_concurrency());
  return out;
}

bool write_file(const std::string& path, const std::string& content) {
  std::ofstream out{path, std::ios::binary};
  out << content;
  out.close();
  if (!out)
    std::cerr << "troupe sim: cannot write " << path << "; is there such a directory, and room?\n";
  return out.good();
}

void tell_wrong(const std::vector<std::string>& wrong) {
  for (std::size_t i = 0; i < std::min(wrong.size(), wrong_shown); ++i)
    std::cout << "  wrong: " << wrong[i] << "\n";
  if (wrong.size() > wrong_shown)
    std::cout << "  and " << wrong.size() - wrong_shown << " more\n";
}

/// Keeps a failed run in a file that replays, and in another one with as few faults as still fail.
void keep_failure(const sim_options& options, const stored_run& run, bool can_shrink) {
  std::filesystem::create_directories(options.out);
  const auto path = options.out + "/seed-" + std::to_string(run.options.seed);
  if (write_file(path + ".plan", run_file(run.options, run.plan)))
    std::cout << "  all " << run.plan.size() << " faults: troupe sim --replay " << path << ".plan\n" << std::flush;
  if (!can_shrink)
    return;
  const auto small = shrink_run(run.options, run.plan);
  if (write_file(path + ".small.plan", run_file(run.options, small)))
    std::cout << "  " << small.size() << " that are enough: troupe sim --replay " << path << ".small.plan\n"
              << std::flush;
}

// -- one run ----------------------------------------------------------------------------------------------------------

int show_run(const sim_options& options, const stored_run& run) {
  timeline seen;
  run_listeners listen;
  const bool draws = options.timeline || !options.picture.empty();
  if (draws || options.events)
    listen.events = [&](const std::string& line) {
      if (options.events)
        std::cout << line << "\n";
      seen.hear(line);
    };
  if (draws)
    listen.sightings = [&](const sighting& s) { seen.see(s); };
  std::cout << run_file(run.options, run.plan) << "# " << shape_of(run.options).describe() << "\n" << std::flush;
  const auto result = run_cluster(run.options, run.plan, listen);
  if (options.timeline)
    std::cout << "\n" << to_text(seen);
  const auto title = "seed " + std::to_string(run.options.seed) + ", " + std::to_string(run.plan.size()) + " faults, "
                     + (result.wrong.empty() ? "well" : "failed") + ", trace " + hex(result.hash);
  if (!options.picture.empty()
      && !write_file(options.picture, options.picture.ends_with(".html") ? to_html(seen, title) : to_svg(seen, title)))
    return bad_options;
  std::cout << "\nseed " << run.options.seed << ": " << (result.wrong.empty() ? "well" : "FAILED") << ", "
            << result.acknowledged << " records acknowledged, " << result.read << " read, " << result.starts
            << " starts, " << result.messages << " messages, virtual seconds "
            << std::chrono::duration_cast<std::chrono::seconds>(result.lasted).count() << ", hash " << hex(result.hash)
            << "\n";
  tell_wrong(result.wrong);
  if (result.wrong.empty())
    return 0;
  if (!draws && !options.events)
    keep_failure(options, run, true);
  return run_failed;
}

int replay(const sim_options& options) {
  std::ifstream in{options.replay, std::ios::binary};
  std::ostringstream text;
  text << in.rdbuf();
  if (!in)
    return complain(options.replay + " cannot be read; name a file that an earlier run has written");
  const auto run = parse_run_file(text.str());
  return run ? show_run(options, *run) : complain(options.replay + ": " + render(run.error()));
}

// -- many runs --------------------------------------------------------------------------------------------------------

/// The line at the bottom of a terminal that tells how far it is.
class progress {
 public:
  explicit progress(std::uint64_t all) : all_(all), shows_(::isatty(STDERR_FILENO) == 1) {}
  ~progress() { clear(); }
  void clear() const {
    if (shows_)
      std::cerr << "\r\033[K" << std::flush;
  }
  void went_on(bool failed) {
    ++done_;
    failed_ += failed;
    if (!shows_)
      return;
    constexpr std::uint64_t cells = 40;
    const auto full = done_ * cells / all_;
    std::cerr << "\r[" << std::string(full, '#') << std::string(cells - full, '.') << "] " << done_ << " of " << all_
              << " seeds, " << failed_ << " failed" << std::flush;
  }

 private:
  const std::uint64_t all_;
  const bool shows_;
  std::uint64_t done_ = 0;
  std::uint64_t failed_ = 0;
};


void sum_up(const std::vector<seed_report>& all, seconds wall, unsigned jobs) {
  std::map<std::string, std::uint64_t> faults, probes;
  std::chrono::nanoseconds lasted{0};
  std::uint64_t failed = 0;
  for (const auto& r : all) {
    for (const auto& [kind, n] : r.faults)
      faults[kind] += n;
    for (const auto& [name, n] : r.probes)
      probes[name] += n;
    lasted += r.lasted;
    failed += !r.wrong.empty();
  }
  std::cout << "faults:";
  for (const auto& [kind, n] : faults)
    std::cout << " " << kind << " " << n;
  std::cout << "\nrare states reached:";
  for (const auto& [name, n] : probes)
    std::cout << "\n  " << name << ": " << n;
  const auto virtual_seconds = seconds{lasted}.count();
  char line[200];
  std::snprintf(line, sizeof line, "\n%.0f virtual seconds in %.1f s with %u jobs: %.0f a second and job\n",
                virtual_seconds, wall.count(), jobs, virtual_seconds / wall.count() / jobs);
  std::cout << line;
  std::snprintf(line, sizeof line, "seeds %zu, failed %lu, virtual hours %.2f, hash %s\n", all.size(),
                static_cast<unsigned long>(failed), virtual_seconds / 3600, hex(hash_of(all)).c_str());
  std::cout << line << std::flush;
}

int run_many(const sim_options& options, const campaign& what) {
  const auto began = std::chrono::steady_clock::now();
  std::vector<seed_report> failures;
  progress bar{what.last - what.first + 1};
  const auto all = run_campaign(what, [&](const seed_report& r) {
    if (!r.wrong.empty()) {
      bar.clear();
      std::cout << "seed " << r.seed << " FAILED\n";
      tell_wrong(r.wrong);
      failures.push_back(r);
    }
    bar.went_on(!r.wrong.empty());
  });
  bar.clear();
  if (!all)
    return complain(render(all.error()));
  const auto wall = seconds{std::chrono::steady_clock::now() - began};
  for (const auto& r : failures) {
    std::cout << "seed " << r.seed << ":\n";
    auto how = what.how;
    how.seed = r.seed;
    // Where the process ended, this one would as well.
    keep_failure(options, {how, plan_of_cluster(how)}, r.hash != 0);
  }
  sum_up(*all, wall, what.jobs);
  return failures.empty() ? 0 : run_failed;
}

}  // namespace

int sim(const sim_options& options) {
  if (options.mutants)
    return hunt_mutants({options.only, options.seeds_most});
  if (!options.picture.empty() && !options.picture.ends_with(".svg") && !options.picture.ends_with(".html"))
    return complain("--picture " + options.picture + ": the file must end with .svg or .html");
  if (!options.replay.empty())
    return replay(options);
  auto what = campaign_of(options);
  if (!what)
    return complain(render(what.error()));
  if (what->first < what->last) {
    if (options.timeline || options.events || !options.picture.empty())
      return complain("--timeline, --picture and --events show one run; name one seed");
    return run_many(options, *what);
  }
  what->how.seed = what->first;
  return show_run(options, {what->how, plan_of_cluster(what->how)});
}

}  // namespace troupe::tools
