#pragma once

#include "runtime/sim/machine_clock.hpp"

#include <caf/detail/simple_actor_clock.hpp>

#include <optional>

namespace troupe::sim {

/// The timers of one machine's actors, in that machine's time: the world fires them one by one.
class actor_clock final : public caf::detail::simple_actor_clock {
 public:
  explicit actor_clock(machine_clock& time) : time_(time) {}

  time_point now() const noexcept override { return time_.monotonic_now(); }

  /// The world's time at which the next timer is due, if there is one.
  std::optional<virtual_time> next_due();
  /// Fires the next timer, which must exist. Returns the id of the actor that hears of it, 0 when it is none.
  caf::actor_id fire_next();

 private:
  static caf::actor_id receiver_of(const delayed_event& of);

  machine_clock& time_;
  // What `next_due` answered last, and for which question.
  time_point asked_local_;
  std::uint64_t asked_version_ = ~std::uint64_t{0};
  virtual_time answered_{};
};

}  // namespace troupe::sim
