#pragma once

#include "runtime/authority/clock.hpp"
#include "runtime/base/ids.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

/// What a partition sends itself.
namespace troupe {

/// A deadline of a parked request may have come. One that was armed before an earlier one does not count.
struct deadline_tick {
  monotonic_time due;
};
/// Likewise for a reader that waits.
struct reader_deadline_tick {
  monotonic_time due;
};
/// flush.ms is over since something was appended.
struct flush_tick {};
/// The high watermark has moved since it was written down.
struct checkpoint_watermark_tick {};
/// Some follower may have been behind for too long.
struct lag_tick {
  leader_epoch epoch;
};
/// The controller has refused other in-sync replicas a moment ago, or would have.
struct isr_tick {};
/// The disk has failed, and this replica leads still.
struct resign_tick {};
/// Followers that wait for records have not heard of the high watermark.
struct watermark_tick {};
/// Bytes that had to wait may go now.
struct throttle_tick {
  leader_epoch epoch;
};
/// Producers from when this replica led have waited for long enough.
struct owed_tick {};
/// The leader could not serve a moment ago.
struct retry_following {
  leader_epoch epoch;
};
/// The coordinator of a transaction was still busy with the one before.
struct transaction_retry_tick {
  producer_id producer;
  std::uint64_t number = 0;
};

}  // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::deadline_tick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::reader_deadline_tick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::flush_tick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::checkpoint_watermark_tick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::lag_tick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::isr_tick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::watermark_tick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::resign_tick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::throttle_tick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::owed_tick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::retry_following)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::transaction_retry_tick)
