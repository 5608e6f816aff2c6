#pragma once

#include "runtime/authority/clock.hpp"

#include <functional>
#include <optional>
#include <queue>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace troupe::group {

/// A deadline for each of many names. Heartbeats move deadlines back all the time, so moving one later costs a look-up
/// only: the queue finds out when the old one is due.
class deadlines {
 public:
  /// `name` is due at `at`, whatever was said before.
  void arm(const std::string& name, monotonic_time at) {
    auto& one = armed_[name];
    one.at = at;
    if (!one.queued || at < *one.queued) {
      one.queued = at;
      queue_.push({at, name});
      drop_leftovers();
    }
  }

  /// `name` is not due any more.
  void disarm(const std::string& name) { armed_.erase(name); }

  /// Whether `name` has a deadline.
  bool is_armed(const std::string& name) const { return armed_.contains(name); }

  /// One that is due, disarmed; none when there is none.
  std::optional<std::string> take_due(monotonic_time now) {
    while (!queue_.empty() && queue_.top().first <= now) {
      auto [at, name] = queue_.top();
      queue_.pop();
      const auto found = armed_.find(name);
      if (found == armed_.end() || found->second.queued != at)
        continue;  // disarmed, or queued again for an earlier time
      if (found->second.at > now) {
        found->second.queued = found->second.at;
        queue_.push({found->second.at, name});
        continue;
      }
      armed_.erase(found);
      return name;
    }
    return std::nullopt;
  }

  /// When to ask again at the latest; may be earlier than the earliest deadline, never later.
  std::optional<monotonic_time> next() const {
    return queue_.empty() ? std::nullopt : std::optional{queue_.top().first};
  }

  /// Entries of the queue, leftovers of what was disarmed included: no more than twice what is armed, and a few.
  std::size_t queued_count() const { return queue_.size(); }

 private:
  using entry = std::pair<monotonic_time, std::string>;
  static constexpr std::size_t leftovers_min = 64;

  /// Clients that come and go all the time must not fill the queue with what they leave behind.
  void drop_leftovers() {
    if (queue_.size() <= 2 * armed_.size() + leftovers_min)
      return;
    std::vector<entry> live;
    live.reserve(armed_.size());
    for (auto& [name, one] : armed_) {
      one.queued = one.at;
      live.emplace_back(one.at, name);
    }
    queue_ = decltype(queue_){std::greater<>{}, std::move(live)};
  }

  struct one_deadline {
    monotonic_time at;
    std::optional<monotonic_time> queued;  ///< the entry of the queue that stands for it
  };

  std::unordered_map<std::string, one_deadline> armed_;
  std::priority_queue<entry, std::vector<entry>, std::greater<>> queue_;
};

}  // namespace troupe::group
