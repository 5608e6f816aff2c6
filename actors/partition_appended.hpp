#pragma once

#include "runtime/log/log.hpp"
#include "runtime/wire/caf.hpp"
#include "schema/partition.capnp.h"

#include <optional>

namespace troupe {

/// The answer to an append that was done.
wire<schema::PartitionAppended> appended(const log::append_result& done);

/// The answer that names the records for which `batch` was refused with `why`; none where no single ones are to blame.
std::optional<wire<schema::PartitionAppended>> refusal_of(const error& why, const byte_slice& batch,
                                                          const log::options& how, wall_time now);

}  // namespace troupe
