// Members of one group without a client library: how long until each has its share, until the others have that of one
// that leaves, how many commits a second they get through, and how long the longest commit took.
#include "tools/load/group_member.hpp"
#include "tools/load/options.hpp"

#include <algorithm>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

namespace troupe::load {

namespace {

constexpr std::chrono::milliseconds tick{2};
constexpr double pause_after_change = 0.5;

class members_run {
 public:
  explicit members_run(const options& o) : o_(o), began_(steady::now()) {}

  int go() {
    join();
    const auto joined = seconds_between(began_, steady::now());
    double first = 0;
    if (o_.read_first) {
      const auto has_read = [](const auto& m) { return m->first_record_seconds().has_value(); };
      await([&] { return std::all_of(all_.begin(), all_.end(), has_read); });
      for (const auto& m : all_)
        first = std::max(first, *m->first_record_seconds());
    }
    int rounds = 0;
    for (const auto& m : all_)
      rounds = std::max(rounds, m->assignments());
    if (all_.size() > 1)
      for (int i = 0; i < o_.leaves; ++i)
        exchange_one();
    std::printf("phase=commit\n");
    std::fflush(stdout);
    histogram commits;
    commit_all(commits);
    std::printf("members=%lu joined_s=%.3f rounds=%d commits_s=%.0f%s%s%s", static_cast<unsigned long>(o_.members),
                joined, rounds, o_.seconds > 0 ? static_cast<double>(commits.count()) / o_.seconds : 0,
                described(commits, "commit").c_str(), described(left_, "left").c_str(),
                described(came_, "came").c_str());
    if (o_.read_first)
      std::printf(" first_record_s=%.3f", first);
    std::printf("\n");
    leave_all();
    return 0;
  }

 private:
  static std::string described(const histogram& times, const char* name) {
    return times.count() > 0 ? times.describe(name) : "";
  }

  /// Whether every partition has one owner and nobody has two more than anyone else.
  bool shared() const {
    std::vector<char> seen(static_cast<std::size_t>(o_.partitions), 0);
    std::size_t sum = 0;
    std::size_t least = seen.size();
    std::size_t most = 0;
    for (const auto& m : all_) {
      const auto& owned = m->owned();
      for (const auto p : owned)
        seen.at(static_cast<std::size_t>(p)) = 1;
      sum += owned.size();
      least = std::min(least, owned.size());
      most = std::max(most, owned.size());
    }
    return sum == seen.size() && most - least <= 1 && std::count(seen.begin(), seen.end(), 1) == std::ptrdiff_t(sum);
  }

  /// Serves everybody until `done`. Throws `std::runtime_error` when that takes too long.
  template <class Done>
  void await(Done done) {
    auto next_tick = steady::now();
    for (;;) {
      if (const auto now = steady::now(); now >= next_tick) {
        for (auto& m : all_)
          m->tick(now);
        next_tick = now + tick;
        if (done())
          return;
        if (seconds_between(began_, now) > o_.limit_seconds)
          throw std::runtime_error{"not all members had their share within " + std::to_string(o_.limit_seconds) + " s"};
      }
      in_.turn(1);
    }
  }

  void idle(double seconds) {
    const auto since = steady::now();
    await([&] { return seconds_between(since, steady::now()) >= seconds; });
  }

  void add_one() {
    all_.push_back(o_.protocol == "consumer" ? make_consumer_member(in_, o_) : make_classic_member(in_, o_));
  }

  /// They come evenly within `spread_seconds`.
  void join() {
    await([&] {
      const auto due = o_.spread_seconds <= 0
                         ? o_.members
                         : static_cast<std::size_t>(static_cast<double>(o_.members)
                                                    * seconds_between(began_, steady::now()) / o_.spread_seconds) + 1;
      while (all_.size() < std::min(due, o_.members))
        add_one();
      return all_.size() == o_.members && shared();
    });
  }

  /// One leaves and, when the others have its share, another comes.
  void exchange_one() {
    idle(pause_after_change);
    const auto since = steady::now();
    all_.front()->leave();
    await([this] { return all_.front()->left(); });
    all_.erase(all_.begin());
    await([this] { return shared(); });
    left_.add(steady::now() - since);
    idle(pause_after_change);
    const auto came = steady::now();
    add_one();
    await([this] { return shared(); });
    came_.add(steady::now() - came);
  }

  /// Each commits as fast as it is answered; whoever waits when the time is over is waited for.
  void commit_all(histogram& times) {
    const auto end = steady::now() + std::chrono::milliseconds{static_cast<int>(o_.seconds * 1000)};
    for (auto& m : all_)
      m->commit_until(end, times);
    await([this] { return std::none_of(all_.begin(), all_.end(), [](auto& m) { return m->commits(); }); });
  }

  void leave_all() {
    for (auto& m : all_)
      m->leave();
    await([this] { return std::all_of(all_.begin(), all_.end(), [](auto& m) { return m->left(); }); });
  }

  const options& o_;
  steady::time_point began_;
  reactor in_;  // before those that use it
  std::vector<std::unique_ptr<group_member>> all_;
  histogram left_;
  histogram came_;
};

}  // namespace

int members(const options& o) {
  if (o.partitions < static_cast<int>(o.members))
    throw std::runtime_error{"--partitions: each member needs one at least"};
  return members_run{o}.go();
}

}  // namespace troupe::load
