#pragma once

#include "runtime/base/error.hpp"
#include "runtime/base/ids.hpp"

#include <string>

namespace troupe {

/// Whether a request under the epoch `of_sender` (`no_epoch`: it does not say) may be served under `ours` (KIP-320).
/// Errors: `fenced_leader_epoch`, `unknown_leader_epoch`, with `name` of the partition in front.
error check_epoch(leader_epoch of_sender, leader_epoch ours, const std::string& name);

}  // namespace troupe
