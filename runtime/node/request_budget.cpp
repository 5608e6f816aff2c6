#include "runtime/node/request_budget.hpp"

#include "runtime/authority/transport.hpp"

#include <utility>

namespace troupe {

request_budget::request_budget(std::size_t bytes_max) : bytes_max_(bytes_max) {}

bool request_budget::take(std::size_t bytes) {
  std::lock_guard guard{lock_};
  used_ += bytes;
  return used_ < bytes_max_;
}

void request_budget::wait(std::weak_ptr<connection> paused) {
  std::unique_lock guard{lock_};
  if (used_ >= bytes_max_) {
    waiting_.push_back(std::move(paused));
    return;
  }
  guard.unlock();
  if (auto reader = paused.lock())
    reader->resume_reading();
}

void request_budget::give_back(std::size_t bytes) {
  std::vector<std::weak_ptr<connection>> woken;
  {
    std::lock_guard guard{lock_};
    used_ -= bytes;
    if (used_ < bytes_max_)
      woken.swap(waiting_);
  }
  for (auto& paused : woken)
    if (auto reader = paused.lock())
      reader->resume_reading();
}

std::size_t request_budget::used() const {
  std::lock_guard guard{lock_};
  return used_;
}

}  // namespace troupe
