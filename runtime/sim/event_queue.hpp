#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

namespace troupe::sim {

/// Time of a world, from its beginning.
using virtual_time = std::chrono::nanoseconds;

/// What is to happen in a world and when: by time, and at one time in the order in which it was asked for.
class event_queue {
 public:
  /// `action` happens at `when`.
  void at(virtual_time when, std::function<void()> action);
  bool empty() const { return heap_.empty(); }
  /// When the next event is due; there must be one. Likewise for `pop`.
  virtual_time next() const { return heap_.front().when; }
  /// Takes the next event out.
  std::function<void()> pop();

 private:
  struct event {
    virtual_time when;
    std::uint64_t number = 0;
    std::function<void()> action;
  };
  static bool later(const event& a, const event& b) {
    return a.when != b.when ? a.when > b.when : a.number > b.number;
  }

  std::vector<event> heap_;
  std::uint64_t last_ = 0;
};

}  // namespace troupe::sim
