#pragma once

#include "runtime/authority/random.hpp"
#include "runtime/sim/prng.hpp"

#include <map>

namespace troupe::sim {

/// One reproducible stream a purpose, all from one seed: a draw more for one purpose does not shift the others.
class simulated_random final : public random_source {
 public:
  explicit simulated_random(std::uint64_t seed) : seed_(seed) {}

  std::uint64_t next(random_purpose purpose) override {
    const auto number = static_cast<std::uint64_t>(purpose);
    return streams_.try_emplace(purpose, prng{seed_ + (number + 1) * 0xd1342543de82ef95ULL}).first->second.next();
  }

 private:
  std::uint64_t seed_;
  std::map<random_purpose, prng> streams_;
};

}  // namespace troupe::sim
