#pragma once

#include "runtime/authority/clock.hpp"
#include "runtime/log/batch_head.hpp"
#include "runtime/log/producers.hpp"

#include <optional>

/// Transaction markers as they lie in a log: a control batch of one record, whose key says commit or abort (KIP-98).
namespace troupe::log {

/// The batch that says `marker` in a log.
byte_slice marker_batch(const transaction_marker& marker, wall_time now);

/// The marker in a control batch with `records`; empty when it is another kind of control record, or compaction has
/// emptied it.
std::optional<transaction_marker> read_marker(const batch_head& batch, bytes_view records);

}  // namespace troupe::log
