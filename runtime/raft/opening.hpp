#pragma once

#include "runtime/metadata/journal.hpp"
#include "runtime/raft/log_terms.hpp"

namespace troupe::raft {

/// The terms of all entries that `from` can read.
log_terms terms_of(const metadata::journal& from);

}  // namespace troupe::raft
