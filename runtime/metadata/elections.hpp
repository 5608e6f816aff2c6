#pragma once

#include "runtime/metadata/image.hpp"
#include "runtime/metadata/records.hpp"

namespace troupe::metadata {

/// The records by which each partition that `leader` leads goes on under a new leader epoch: after a stop that was not
/// clean, so that whoever read records which are lost since then can tell that their offsets mean others now (KIP-101,
/// KIP-320).
records new_epochs(const image& on, node_id leader);

}  // namespace troupe::metadata
