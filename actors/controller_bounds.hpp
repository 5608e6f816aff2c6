#pragma once

#include <chrono>
#include <cstddef>

/// Named limits of what the active controller does by itself.
namespace troupe::bounds {

/// Since a voter's former disk was heard of, until its vote is given to the node's new one.
constexpr auto wiped_voter_silence = std::chrono::seconds{2};
/// Leaders that go back to where they are preferred at once; the others follow at the next look.
constexpr std::size_t balanced_leaders_max = 1'000;

}  // namespace troupe::bounds
