#include "runtime/sim/event_queue.hpp"

#include <algorithm>

namespace troupe::sim {

void event_queue::at(virtual_time when, std::function<void()> action) {
  heap_.push_back({when, ++last_, std::move(action)});
  std::push_heap(heap_.begin(), heap_.end(), later);
}

std::function<void()> event_queue::pop() {
  std::pop_heap(heap_.begin(), heap_.end(), later);
  auto action = std::move(heap_.back().action);
  heap_.pop_back();
  return action;
}

}  // namespace troupe::sim
