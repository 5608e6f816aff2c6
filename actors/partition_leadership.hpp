#pragma once

#include "runtime/metadata/image.hpp"
#include "runtime/replication/leader.hpp"
#include "runtime/wire/wire.hpp"
#include "schema/partition.capnp.h"

namespace troupe {

/// What the metadata say of a partition, as a message, and out of it again.
wire<schema::PartitionLeadership> leadership_of(const metadata::partition& p);
replication::membership membership_of(schema::PartitionLeadership::Reader m);

}  // namespace troupe
