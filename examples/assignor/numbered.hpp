#pragma once

#include "runtime/group/assignor.hpp"

#include <memory>

/// `numbered`: a static member whose instance id ends in the number n, as pods of a stateful set do, reads the
/// partitions n, n + count, n + 2 count… where count is how many such members there are; so each knows beforehand what
/// it reads, and keeps it. What that leaves over, because a number is missing or a member has none, goes to the others
/// in turn.
std::shared_ptr<const troupe::group::assignor> numbered_assignor();
