#pragma once

#include "runtime/sim/fault.hpp"

#include <functional>

namespace troupe::sim {

/// Makes a failing plan small: drops faults, large parts first, as long as `fails` says that what is left still does
/// (delta debugging). At most `runs_most` questions are asked; then the smallest plan so far is the answer. When none
/// of its faults can be spared, the plan is as small as this gets.
fault_plan shrink(fault_plan failing, const std::function<bool(const fault_plan&)>& fails,
                  std::size_t runs_most = 500);

}  // namespace troupe::sim
