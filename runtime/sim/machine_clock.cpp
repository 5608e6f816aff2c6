#include "runtime/sim/machine_clock.hpp"

#include "runtime/base/invariant.hpp"

#include <cstdlib>

namespace troupe::sim {

namespace {

constexpr std::int64_t million = 1'000'000;

}  // namespace

machine_clock::machine_clock(const virtual_time& now, std::chrono::nanoseconds uptime, wall_time wall_start)
  : now_(now), world_base_(now), local_base_(uptime), wall_base_at_(uptime), wall_base_(wall_start) {}

monotonic_time machine_clock::monotonic_now() {
  // As delta * rate / million, without leaving 64 bits.
  const auto delta = (now_ - world_base_).count();
  return local_base_ + std::chrono::nanoseconds{delta / million * rate_ + delta % million * rate_ / million};
}

wall_time machine_clock::wall_now() {
  return wall_base_ + std::chrono::duration_cast<std::chrono::milliseconds>(monotonic_now() - wall_base_at_);
}

void machine_clock::set_drift(std::int32_t parts_per_million) {
  TROUPE_INVARIANT(std::abs(parts_per_million) <= 500'000, "a clock that is not a clock any more");
  local_base_ = monotonic_now();
  world_base_ = now_;
  rate_ = million + parts_per_million;
  ++version_;
}

virtual_time machine_clock::when(monotonic_time local) const {
  const auto ahead = (local - local_base_).count();
  if (ahead <= 0)
    return world_base_;
  if (ahead > virtual_time::max().count() / 4)
    return virtual_time::max();
  return world_base_ + virtual_time{ahead / rate_ * million + (ahead % rate_ * million + rate_ - 1) / rate_};
}

}  // namespace troupe::sim
