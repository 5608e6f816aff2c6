#pragma once

#include "runtime/sim/prng.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <span>

namespace troupe::sim {

/// How the next actor is chosen among those that could run.
enum class pick_mode : std::uint8_t {
  uniform,          ///< each is as likely
  fifo,             ///< whoever has waited longest
  starve_one,       ///< one of them hardly ever
  priority_change,  ///< always the one of highest priority; now and then the running one gets the lowest
  drain_one,        ///< one of them as long as it has mail, then another
};

/// Chooses whose turn it is on one machine. Reproducible: depends on the seed and on the ids that are offered. Only the
/// first `window` of those that wait are looked at, so that a choice among very many stays cheap.
class picker {
 public:
  static constexpr std::size_t window = 256;

  /// Without `fixed`, the mode is drawn and changes after some hundreds or thousands of picks.
  picker(prng random, std::optional<pick_mode> fixed) : random_(random), fixed_(fixed) {}

  /// Index of the next one in `waiting`, whose ids stand in the order of their coming; not empty.
  std::size_t pick(std::span<const std::uint64_t> waiting);
  /// The mode of the last pick.
  pick_mode mode() const { return mode_; }

 private:
  void change_mode();
  std::size_t pick_but_victim(std::span<const std::uint64_t> waiting);
  std::size_t pick_highest(std::span<const std::uint64_t> waiting);
  std::size_t pick_victim(std::span<const std::uint64_t> waiting);
  std::uint64_t priority_of(std::uint64_t id) const;

  prng random_;
  std::optional<pick_mode> fixed_;
  pick_mode mode_ = pick_mode::uniform;
  std::uint64_t picks_left_ = 0;
  std::optional<std::uint64_t> victim_;
  std::uint64_t salt_ = 0;
  std::map<std::uint64_t, std::uint64_t> lowered_;  ///< id → when, later is lower
  std::uint64_t lowerings_ = 0;
};

}  // namespace troupe::sim
