#pragma once

#include "runtime/replication/parked.hpp"
#include "runtime/wire/caf.hpp"
#include "schema/partition.capnp.h"

#include <caf/typed_response_promise.hpp>

namespace troupe {

/// A produce request with acks=all that is appended and not committed yet.
struct parked_ack {
  caf::typed_response_promise<wire<schema::PartitionAppended>> promise;
  wire<schema::PartitionAppended> answer;  ///< for when it is committed
};

/// What a replica owes to those who produced while it led. A leader that is deposed keeps its debts as a follower: it
/// learns soon whether the next leader has the records, and clients that are told "not leader" for records that are
/// committed write them twice.
using owed_acks = replication::parked_acks<parked_ack>;

}  // namespace troupe
