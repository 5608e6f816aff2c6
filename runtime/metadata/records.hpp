#pragma once

#include "runtime/base/ids.hpp"
#include "runtime/wire/wire.hpp"
#include "schema/metadata.capnp.h"

#include <cstdint>
#include <vector>

namespace troupe::metadata {

/// Records that take effect together, in this order: what a command makes, what one entry of the log holds.
using records = std::vector<wire<schema::MetadataRecord>>;

/// Where an entry stands in the log. Indices are dense from 1; terms never go back. {0, 0}: before the first entry.
struct entry_id {
  std::int64_t index = 0;
  std::int64_t term = 0;
  auto operator<=>(const entry_id&) const = default;
};

/// One entry of the metadata log.
struct entry {
  entry_id at;
  metadata::records records;
};

/// The 128 bits that a record carries; also for incarnations.
topic_id read_id(schema::Id128::Reader from);
void write_id(schema::Id128::Builder to, const topic_id& id);

}  // namespace troupe::metadata
