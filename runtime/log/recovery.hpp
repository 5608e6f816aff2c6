#pragma once

#include "runtime/base/error.hpp"
#include "runtime/base/ids.hpp"
#include "runtime/log/segment.hpp"

#include <cstdint>

namespace troupe::log {

/// What a segment's file was found to hold.
struct verdict {
  std::uint64_t good_bytes = 0;  ///< whole, sound batches in order from the start of the file
  offset end;                    ///< behind the last of them
  error fault;                   ///< why the bytes behind are none, with file and position; no error: there are no more
};

/// Reads all of `in` and checks each batch: sizes, CRC, offsets that go on from `expected_base` (with gaps only where
/// `gaps_allowed`, as compaction leaves them). Builds the indexes on the way, in memory. Errors: the disk's; a failing
/// device says nothing about the bytes.
expected<verdict> verify_segment(log_home& home, segment& in, offset expected_base, bool gaps_allowed,
                                 std::int64_t index_interval_bytes);

}  // namespace troupe::log
