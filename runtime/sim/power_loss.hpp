#pragma once

#include "runtime/sim/disk.hpp"
#include "runtime/sim/disk_state.hpp"

namespace troupe::sim {

/// Replaces `state` by one of the states that a power loss may leave, as `simulated_disk::power_loss` tells. Handles
/// end.
void draw_power_loss(disk_state& state, power_loss_mode mode, std::uint64_t seed);

}  // namespace troupe::sim
