#pragma once

#include "runtime/group/shares.hpp"

#include <cstddef>

/// How shares become even. Each step is deterministic and leaves what it need not touch.
namespace troupe::group {

/// Gives every free partition to the member with the least load that is subscribed to it, the topics with the fewest
/// readers first, for they leave the least choice.
void hand_out(shares& all);

/// True when every member that is subscribed to anything is subscribed to every topic.
bool are_alike(const shares& all);

/// For members that are alike: loads become even to within one, with as few moves as can be.
void level_alike(shares& all);

/// For any members: moves partitions, one member passing on to the next where the one with more has nothing that the
/// one with less is subscribed to, until nobody could be helped by somebody who has two more. Ends early, with loads
/// less even than could be, after about `looks_max` looks at shares.
void level_out(shares& all, std::size_t looks_max);

/// Moves partitions back to whom they were taken from where loads stay as even as they are.
void give_back(shares& all);

}  // namespace troupe::group
