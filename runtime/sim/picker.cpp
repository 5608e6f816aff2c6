#include "runtime/sim/picker.hpp"

#include <algorithm>

namespace troupe::sim {

namespace {

constexpr std::uint64_t last_lowered = std::uint64_t{1} << 32;

}  // namespace

std::size_t picker::pick(std::span<const std::uint64_t> waiting) {
  if (picks_left_ == 0)
    change_mode();
  --picks_left_;
  if (waiting.size() == 1)
    return 0;
  waiting = waiting.first(std::min(waiting.size(), window));
  switch (mode_) {
    case pick_mode::uniform: return random_.below(waiting.size());
    case pick_mode::fifo: return 0;
    case pick_mode::starve_one: return pick_but_victim(waiting);
    case pick_mode::priority_change: return pick_highest(waiting);
    case pick_mode::drain_one: return pick_victim(waiting);
  }
  return 0;
}

void picker::change_mode() {
  mode_ = fixed_ ? *fixed_ : static_cast<pick_mode>(random_.below(5));
  picks_left_ = 100 + random_.below(5'000);
  victim_.reset();
  salt_ = random_.next();
  lowered_.clear();
  lowerings_ = 0;
}

/// The starved one gets a turn once in 200, so that time-outs and not silence decide what becomes of it.
std::size_t picker::pick_but_victim(std::span<const std::uint64_t> waiting) {
  if (!victim_)
    victim_ = waiting[random_.below(waiting.size())];
  const auto at = random_.below(waiting.size());
  if (waiting[at] != *victim_ || random_.chance(5'000))
    return at;
  return (at + 1) % waiting.size();
}

std::size_t picker::pick_highest(std::span<const std::uint64_t> waiting) {
  std::size_t best = 0;
  auto best_priority = priority_of(waiting[0]);
  for (std::size_t i = 1; i < waiting.size(); ++i) {
    const auto priority = priority_of(waiting[i]);
    if (priority > best_priority) {
      best = i;
      best_priority = priority;
    }
  }
  if (random_.chance(20'000))
    lowered_[waiting[best]] = ++lowerings_;
  return best;
}

std::size_t picker::pick_victim(std::span<const std::uint64_t> waiting) {
  for (std::size_t i = 0; victim_ && i < waiting.size(); ++i)
    if (waiting[i] == *victim_)
      return i;
  const auto at = random_.below(waiting.size());
  victim_ = waiting[at];
  return at;
}

std::uint64_t picker::priority_of(std::uint64_t id) const {
  if (const auto lowered = lowered_.find(id); lowered != lowered_.end())
    return last_lowered - lowered->second;
  return (id ^ salt_) * 0x9e3779b97f4a7c15ULL | (last_lowered << 1);
}

}  // namespace troupe::sim
