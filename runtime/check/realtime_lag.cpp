// How stale polls were.
#include "runtime/check/checks.hpp"

#include <algorithm>
#include <unordered_map>
#include <vector>

namespace troupe::check {

namespace {

using known_times = std::vector<instant>;

/// For each place of each log when it was certain that the log reaches beyond it: the earliest end of an operation that
/// was told or read that place or a later one.
std::vector<known_times> times_known(const observed& seen) {
  std::vector<known_times> by_log;
  for (const auto& log : seen.logs())
    by_log.emplace_back(log.order.size(), never);
  const auto learn = [&](std::uint32_t log, std::uint32_t place, instant when) {
    auto& known = by_log[log][place];
    known = std::min(known, when);
  };
  for (const auto& op : seen.run().operations())
    for (const auto& s : seen.run().steps(op)) {
      for (const auto& r : seen.run().records(s))
        learn(seen.log_of(s), seen.place_of(r), op.completed);
      // An unknown end says nothing of when a transaction became visible.
      if (s.kind == step_kind::send && op.result == outcome::ok && seen.value_of(s).first_place != none)
        learn(seen.log_of(s), seen.value_of(s).first_place, op.completed);
    }
  for (auto& times : by_log)
    for (auto place = times.size(); place-- > 1;)
      times[place - 1] = std::min(times[place - 1], times[place]);
  return by_log;
}

/// Follows one client's positions: the place of the first record that it has not reached, by log.
class follower {
 public:
  follower(const observed& seen, const std::vector<known_times>& known) : seen_(seen), known_(known) {}

  void see(operation_number number, lag& worst) {
    const auto& op = seen_.run().operations()[number];
    if (op.result != outcome::ok)
      return;
    const auto steps = seen_.run().steps(op);
    if (op.kind == operation_kind::assign)
      std::erase_if(reached_, [&](const auto& known) {
        return std::none_of(steps.begin(), steps.end(), [&](const step& s) { return seen_.log_of(s) == known.first; });
      });
    if (op.kind == operation_kind::subscribe || op.kind == operation_kind::crash)
      reached_.clear();
    bool polled = false;
    for (const auto& s : steps) {
      if (s.kind == step_kind::seek)
        reached_[seen_.log_of(s)] = seen_.logs()[seen_.log_of(s)].place_of(s.at);
      if (s.kind == step_kind::rebalance)
        reached_.erase(seen_.log_of(s));
      for (const auto& r : seen_.run().records(s)) {
        auto& reached = reached_[seen_.log_of(s)];
        reached = std::max(reached, seen_.place_of(r) + 1);
      }
      polled = polled || s.kind == step_kind::poll;
    }
    if (polled)
      compare(number, op.invoked, worst);
  }

 private:
  void compare(operation_number number, instant invoked, lag& worst) const {
    for (const auto& [log, reached] : reached_) {
      const auto& times = known_[log];
      if (reached < times.size() && times[reached] < invoked && invoked - times[reached] > worst.worst)
        worst = {invoked - times[reached], seen_.logs()[log].key, number};
    }
  }

  const observed& seen_;
  const std::vector<known_times>& known_;
  std::unordered_map<std::uint32_t, std::uint32_t> reached_;
};

}  // namespace

lag realtime_lag(const observed& seen) {
  const auto known = times_known(seen);
  std::unordered_map<client_id, follower> followers;
  lag worst;
  for (operation_number op = 0; op < seen.run().operations().size(); ++op)
    followers.try_emplace(seen.run().operations()[op].client, seen, known).first->second.see(op, worst);
  return worst;
}

}  // namespace troupe::check
