#pragma once

#include "runtime/authority/clock.hpp"
#include "runtime/base/error.hpp"
#include "runtime/log/batch.hpp"
#include "runtime/log/offset_map.hpp"

#include <chrono>
#include <cstdint>
#include <unordered_map>

namespace troupe::log {

/// What a pass of compaction knows when it looks at a batch.
struct filter_context {
  const offset_map& latest_by_key;                           ///< of all keys in the dirty part
  offset collected_to;                                       ///< offsets from here on were not collected: they stay
  std::unordered_map<producer_id, offset> last_of_producer;  ///< last offset of each producer's last batch
  wall_time now;
  std::chrono::milliseconds delete_retention{0};
  bool sets_horizons = true;  ///< whether batches may get a delete horizon now
};

/// What becomes of a batch.
struct filtered_batch {
  enum class fate : std::uint8_t { kept, rewritten, dropped };
  fate what = fate::kept;
  byte_slice rewritten;  ///< the new batch; empty unless rewritten
  std::uint32_t records_read = 0;
  std::uint32_t records_kept = 0;
  std::uint32_t records_without_key = 0;
  bool unreadable = false;  ///< does not unpack: kept as it is
};

/// What a batch is in its transaction.
enum class transaction_role : std::uint8_t {
  none,           ///< or of a committed one
  aborted_data,   ///< its records go
  marker,         ///< of a transaction of which something is left: stays
  idle_marker,    ///< nobody needs it: goes after a delete horizon, as tombstones do
};

/// Decides over one batch, with Kafka's rules (see `cleaning`). Pure. Control batches that are no markers are kept.
/// Errors: only those of compressing again.
expected<filtered_batch> filter_batch(const batch_view& batch, transaction_role role, const filter_context& context);

}  // namespace troupe::log
