#include "tools/sim/campaign.hpp"

#include "runtime/sim/shrink.hpp"

#include <nlohmann/json.hpp>

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace troupe::cluster_sim {

namespace {

using nlohmann::json;

seed_report report_of(const run_options& how) {
  const auto plan = plan_of_cluster(how);
  auto ran = run_cluster(how, plan);
  seed_report out{how.seed, ran.hash, std::move(ran.wrong), ran.lasted, {}, std::move(ran.probes)};
  for (const auto& f : plan)
    ++out.faults[std::string{sim::word_of(f.action)}];
  return out;
}

std::string line_of(const seed_report& r) {
  const json out{{"seed", r.seed}, {"hash", r.hash}, {"wrong", r.wrong}, {"lasted", r.lasted.count()},
                 {"faults", r.faults}, {"probes", r.probes}};
  return out.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

seed_report report_in(const std::string& line) {
  const auto in = json::parse(line);
  seed_report out;
  in.at("seed").get_to(out.seed);
  in.at("hash").get_to(out.hash);
  in.at("wrong").get_to(out.wrong);
  out.lasted = std::chrono::nanoseconds{in.at("lasted").get<std::int64_t>()};
  in.at("faults").get_to(out.faults);
  in.at("probes").get_to(out.probes);
  return out;
}

/// A process that runs every n-th seed and writes a line for each.
struct seed_job {
  pid_t pid = -1;
  int from = -1;
  std::uint64_t next = 0;  ///< the seed it is at
  std::string rest;        ///< a line that has not ended
};

void write_all(int to, std::string_view text) {
  while (!text.empty()) {
    const auto n = ::write(to, text.data(), text.size());
    if (n <= 0)
      ::_exit(1);
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

[[noreturn]] void work(const campaign& what, unsigned number, int to) {
  auto how = what.how;
  for (how.seed = what.first + number; how.seed <= what.last; how.seed += what.jobs)
    write_all(to, line_of(report_of(how)));
  ::_exit(0);
}

class campaign_run {
 public:
  campaign_run(const campaign& what, const std::function<void(const seed_report&)>& done) : what_(what), done_(done) {}
  ~campaign_run() {
    for (auto& j : jobs_) {
      ::kill(j.pid, SIGKILL);
      ::waitpid(j.pid, nullptr, 0);
      ::close(j.from);
    }
  }

  expected<std::vector<seed_report>> go() {
    const auto seeds = what_.last - what_.first + 1;
    what_.jobs = static_cast<unsigned>(std::clamp<std::uint64_t>(what_.jobs, 1, seeds));
    for (unsigned i = 0; i < what_.jobs; ++i)
      if (auto failed = begin(i))
        return failed;
    while (!jobs_.empty() && !ended_)
      if (auto failed = read_some())
        return failed;
    std::sort(all_.begin(), all_.end(), [](const auto& a, const auto& b) { return a.seed < b.seed; });
    return std::move(all_);
  }

 private:
  error begin(unsigned number) {
    int ends[2];
    if (::pipe(ends) != 0)
      return sim::make_error(sim::plan_errc::bad_plan, "cannot make a pipe; are there too many open files?");
    std::fflush(nullptr);
    const auto pid = ::fork();
    if (pid == 0) {
      ::close(ends[0]);
      work(what_, number, ends[1]);
    }
    ::close(ends[1]);
    if (pid < 0) {
      ::close(ends[0]);
      return sim::make_error(sim::plan_errc::bad_plan, "cannot make a process; try fewer --jobs");
    }
    jobs_.push_back({pid, ends[0], what_.first + number, {}});
    return {};
  }

  error read_some() {
    std::vector<pollfd> waits;
    for (const auto& j : jobs_)
      waits.push_back({j.from, POLLIN, 0});
    if (::poll(waits.data(), waits.size(), -1) < 0)
      return {};
    for (std::size_t i = waits.size(); i-- > 0;)
      if (waits[i].revents != 0)
        if (auto failed = read_from(i))
          return failed;
    return {};
  }

  error read_from(std::size_t index) {
    auto& job = jobs_[index];
    char buffer[65536];
    const auto n = ::read(job.from, buffer, sizeof buffer);
    if (n <= 0)
      return end(index);
    job.rest.append(buffer, static_cast<std::size_t>(n));
    for (auto at = job.rest.find('\n'); at != std::string::npos; at = job.rest.find('\n')) {
      all_.push_back(report_in(job.rest.substr(0, at)));
      job.rest.erase(0, at + 1);
      job.next = all_.back().seed + what_.jobs;
      done_(all_.back());
      ended_ |= what_.ends_early && !all_.back().wrong.empty();
    }
    return {};
  }

  error end(std::size_t index) {
    const auto job = jobs_[index];
    jobs_.erase(jobs_.begin() + static_cast<std::ptrdiff_t>(index));
    int status = 0;
    ::waitpid(job.pid, &status, 0);
    ::close(job.from);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
      return {};
    seed_report broken;
    broken.seed = job.next;
    broken.wrong.push_back(WIFSIGNALED(status) ? "the process ended by signal " + std::to_string(WTERMSIG(status))
                                                   + ", which is an invariant that does not hold or a crash"
                                               : "the process ended early");
    all_.push_back(broken);
    done_(broken);
    ended_ |= what_.ends_early;
    if (job.next + what_.jobs > what_.last || ended_)
      return {};
    // The rest of its seeds goes to another process.
    auto rest = what_;
    rest.first = job.next + what_.jobs;
    return begin_rest(rest);
  }

  error begin_rest(const campaign& rest) {
    const auto all = std::exchange(what_, rest);
    auto failed = begin(0);
    what_ = all;
    return failed;
  }

  campaign what_;
  const std::function<void(const seed_report&)>& done_;
  std::vector<seed_job> jobs_;
  std::vector<seed_report> all_;
  bool ended_ = false;
};

}  // namespace

expected<std::vector<seed_report>> run_campaign(const campaign& what,
                                                const std::function<void(const seed_report&)>& done) {
  return campaign_run{what, done}.go();
}

std::uint64_t hash_of(const std::vector<seed_report>& all) {
  std::uint64_t out = 14695981039346656037ULL;
  for (const auto& r : all)
    for (const auto word : {r.seed, r.hash})
      for (int shift = 0; shift < 64; shift += 8)
        out = (out ^ ((word >> shift) & 0xff)) * 1099511628211ULL;
  return out;
}

sim::fault_plan shrink_run(const run_options& options, const sim::fault_plan& plan, std::size_t runs_most) {
  return sim::shrink(
    plan, [&](const sim::fault_plan& smaller) { return !run_cluster(options, smaller).wrong.empty(); }, runs_most);
}

}  // namespace troupe::cluster_sim
