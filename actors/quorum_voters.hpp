#pragma once

#include "runtime/metadata/image.hpp"
#include "runtime/metadata/records.hpp"
#include "runtime/raft/members.hpp"

#include <optional>

namespace troupe {

/// The voters of an image as Raft knows them, and back.
raft::voter_set voters_in(const std::vector<metadata::voter>& from);
std::vector<metadata::voter> voters_out(const raft::voter_set& from);

/// The voters that these records set; none when they do not.
std::optional<raft::voter_set> voters_of(const metadata::records& all);

}  // namespace troupe
