#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace troupe::load {

/// Counts durations in buckets that are a 128th of their value wide, so that a percentile is within 1 % of the truth.
/// One thread adds; fixed memory.
class histogram {
 public:
  void add(std::chrono::nanoseconds value);
  /// Adds all that `other` has.
  void merge(const histogram& other);

  /// The value below which `share` (0 to 1) of all added values lie, in microseconds; 0 when there are none.
  double percentile_us(double share) const;

  std::uint64_t count() const { return count_; }

  /// " NAME_p50_us=… NAME_p99_us=… NAME_p999_us=… NAME_max_us=…".
  std::string describe(const std::string& name) const;

 private:
  static constexpr int steps_bits = 7;
  static constexpr std::size_t steps = std::size_t{1} << steps_bits;

  static std::size_t bucket_of(std::uint64_t value);
  static std::uint64_t lower_bound_of(std::size_t bucket);

  std::array<std::uint64_t, 64 * steps> buckets_{};  // nanoseconds
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace troupe::load
