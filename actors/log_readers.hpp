#pragma once

#include "actors/partition_slice.hpp"
#include "actors/replica_log.hpp"
#include "runtime/authority/clock.hpp"
#include "runtime/replication/parked.hpp"

#include <string>

namespace troupe {

/// Those who read one replica's log, as long as it has its role: answers them with what lies below the high watermark
/// and keeps those who want to wait for more. A part of a role's state.
class log_readers {
 public:
  log_readers(caf::event_based_actor& self, node_context& context, replica_log& log)
    : self_(self), context_(context), log_(log) {}

  /// Answers `m`, now or later. The log must be open; likewise below.
  caf::result<wire<schema::PartitionSlice>> read(const wire<schema::PartitionRead>& m, offset high_watermark);
  /// The high watermark may have moved: answers those who have waited for that.
  void advance(offset high_watermark);
  /// The timer armed for `due` has come.
  void on_deadline(monotonic_time due, offset high_watermark);
  /// Everyone gets what there is.
  void answer_all(offset high_watermark);
  /// Everyone is told `why`.
  void fail_all(const error& why);

 private:
  using waiting_reads = replication::parked_reads<wire<schema::PartitionRead>, slice_promise>;

  void park(const wire<schema::PartitionRead>& m, slice_promise promise, offset high_watermark);
  void answer(waiting_reads::entry& r, offset high_watermark);
  void arm(monotonic_time deadline);

  caf::event_based_actor& self_;
  node_context& context_;
  replica_log& log_;
  waiting_reads waiting_;
  offset seen_{0};  ///< the high watermark that those who wait have seen
  monotonic_time armed_until_ = monotonic_time::max();
};

}  // namespace troupe
