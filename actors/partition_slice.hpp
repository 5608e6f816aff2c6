#pragma once

#include "actors/reader.hpp"
#include "runtime/log/log.hpp"
#include "runtime/wire/caf.hpp"
#include "schema/partition.capnp.h"

#include <caf/actor.hpp>
#include <caf/fwd.hpp>
#include <caf/typed_response_promise.hpp>

#include <optional>
#include <string>
#include <vector>

namespace troupe {

/// What a read of a partition found; `records` has size 0 when nothing is there yet.
struct partition_slice {
  file_region records;
  offset high_watermark;
  offset log_start;
  std::optional<log::epoch_end> diverging;
  offset last_stable{0};
  std::vector<log::aborted_transaction> aborted;  ///< for readers of committed records
};

using slice_promise = caf::typed_response_promise<wire<schema::PartitionSlice>>;

/// Finds what `m` asks for in `in`, below `high_watermark`. Errors: `offset_out_of_range`, the disk's. `name` is for
/// messages.
expected<partition_slice> look_up(log::log& in, schema::PartitionRead::Reader m, offset high_watermark,
                                  const std::string& name);

/// The answer to a reader that had better read at `replica`: no records.
wire<schema::PartitionSlice> slice_elsewhere(node_id replica, offset high_watermark, offset log_start);

/// Whether a reader that is ready to wait need not.
bool is_enough(schema::PartitionRead::Reader m, const partition_slice& found);

/// The records as they can leave at once; none when they must be fetched from the device.
std::optional<chunk> at_hand(const file_region& region);
/// The bytes of a part, for those who look into them; waits for the device where it is not in memory.
expected<byte_slice> bytes_of(const chunk& part);

/// Answers with `found`. Small slices are copied, large ones leave straight from the file; what is not in memory is
/// fetched by `reader` first, so that nobody waits for the device here.
void deliver_slice(caf::event_based_actor& self, const caf::actor& reader, slice_promise promise,
                   partition_slice found);

}  // namespace troupe
