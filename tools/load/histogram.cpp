#include "tools/load/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>

namespace troupe::load {

// Values under 2 * steps have a bucket each; above, every power of two is cut into `steps` equal buckets.
std::size_t histogram::bucket_of(std::uint64_t value) {
  const int shift = std::max(0, static_cast<int>(std::bit_width(value)) - steps_bits - 1);
  return static_cast<std::size_t>(shift) * steps + static_cast<std::size_t>(value >> shift);
}

std::uint64_t histogram::lower_bound_of(std::size_t bucket) {
  if (bucket < 2 * steps)
    return bucket;
  const auto shift = bucket / steps - 1;
  return static_cast<std::uint64_t>(bucket - shift * steps) << shift;
}

void histogram::add(std::chrono::nanoseconds value) {
  const auto nanoseconds = static_cast<std::uint64_t>(std::max<std::int64_t>(0, value.count()));
  ++buckets_[std::min(bucket_of(nanoseconds), buckets_.size() - 1)];
  ++count_;
  max_ = std::max(max_, nanoseconds);
}

void histogram::merge(const histogram& other) {
  for (std::size_t i = 0; i < buckets_.size(); ++i)
    buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  max_ = std::max(max_, other.max_);
}

double histogram::percentile_us(double share) const {
  if (count_ == 0)
    return 0;
  const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
    seen += buckets_[bucket];
    if (seen >= wanted)
      return static_cast<double>(std::min(lower_bound_of(bucket), max_)) / 1e3;
  }
  return static_cast<double>(max_) / 1e3;
}

std::string histogram::describe(const std::string& name) const {
  std::array<char, 256> text{};
  std::snprintf(text.data(), text.size(), " %s_p50_us=%.1f %s_p99_us=%.1f %s_p999_us=%.1f %s_max_us=%.1f", name.c_str(),
                percentile_us(0.5), name.c_str(), percentile_us(0.99), name.c_str(), percentile_us(0.999), name.c_str(),
                static_cast<double>(max_) / 1e3);
  return text.data();
}

}  // namespace troupe::load
