#include "runtime/replication/throttle.hpp"

#include <algorithm>
#include <chrono>

namespace troupe::replication {

namespace {

constexpr auto wait_most = std::chrono::hours{1};  // for what a changed rate would let go earlier

}  // namespace

void throttle::set_rate(std::int64_t bytes_per_second) {
  std::lock_guard guard{lock_};
  rate_ = bytes_per_second;
}

std::int64_t throttle::rate() const {
  std::lock_guard guard{lock_};
  return rate_;
}

std::size_t throttle::slice_bytes(std::size_t most) const {
  constexpr std::int64_t parts_of_second = 4, least = 16'384;
  const auto wanted = static_cast<std::uint64_t>(std::max(rate() / parts_of_second, least));
  return static_cast<std::size_t>(std::min<std::uint64_t>(wanted, most));
}

monotonic_time throttle::reserve(std::size_t bytes, monotonic_time now) {
  std::lock_guard guard{lock_};
  if (rate_ == unlimited)
    return now;
  const auto from = std::max(free_at_, now);
  const auto seconds = rate_ <= 0 ? 1e9 : static_cast<double>(bytes) / static_cast<double>(rate_);
  const std::chrono::duration<double> wanted{seconds};
  free_at_ = std::min(from + (wanted > wait_most ? std::chrono::duration_cast<monotonic_time::duration>(wait_most)
                                                 : std::chrono::duration_cast<monotonic_time::duration>(wanted)),
                      now + wait_most);
  return from;
}

}  // namespace troupe::replication
