#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <string_view>

namespace troupe::sim {

/// Pseudo-random numbers that are the same on every platform and with every standard library: xoshiro256** seeded by
/// splitmix64. A value type: a copy goes on with the same numbers.
class prng {
 public:
  explicit constexpr prng(std::uint64_t seed) {
    for (auto& word : state_) {
      seed += 0x9e3779b97f4a7c15ULL;
      word = mix(seed);
    }
  }

  /// A stream of its own for `purpose`, so that draws for one purpose do not shift those for another.
  constexpr prng(std::uint64_t seed, std::string_view purpose) : prng(seed ^ hash(purpose)) {}

  constexpr std::uint64_t next() {
    const auto result = std::rotl(state_[1] * 5, 7) * 9;
    const auto shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }

  /// Uniform in [0, bound); 0 when `bound` is 0. The bias of the remainder is below 2^-32 for the bounds used here.
  constexpr std::uint64_t below(std::uint64_t bound) { return bound == 0 ? 0 : next() % bound; }

  /// True in `per_million` of a million draws. Draws nothing for 0, so that a fault switched off changes nothing else.
  constexpr bool chance(std::uint32_t per_million) { return per_million != 0 && below(1'000'000) < per_million; }

 private:
  static constexpr std::uint64_t mix(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  static constexpr std::uint64_t hash(std::string_view text) {
    std::uint64_t h = 0xcbf29ce484222325ULL;
    for (const char c : text)
      h = (h ^ static_cast<std::uint8_t>(c)) * 0x100000001b3ULL;
    return h;
  }

  std::array<std::uint64_t, 4> state_{};
};

}  // namespace troupe::sim
