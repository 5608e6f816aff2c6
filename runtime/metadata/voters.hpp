#pragma once

#include "runtime/base/error.hpp"
#include "runtime/metadata/image.hpp"
#include "runtime/metadata/records.hpp"

#include <vector>

namespace troupe::metadata {

/// The record by which the metadata log has these voters from now on (KIP-853); none when it has them already. Whether
/// one set may follow another is for the quorum to judge. Errors: invalid_request (nobody, a negative id, an id twice,
/// no host or port or directory), policy_violation.
expected<records> set_voters(const image& on, std::vector<voter> all);

}  // namespace troupe::metadata
