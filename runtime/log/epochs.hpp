#pragma once

#include "runtime/base/bytes.hpp"
#include "runtime/base/error.hpp"
#include "runtime/base/ids.hpp"

#include <string>
#include <vector>

namespace troupe::log {

/// A leader epoch and the offset of the first record written under it.
struct epoch_entry {
  leader_epoch epoch;
  offset start;
  friend bool operator==(const epoch_entry&, const epoch_entry&) = default;
};

/// Answer to "where does this epoch end": the largest known epoch at or below the one asked for, and the offset after
/// its last record. Both -1 when nothing is known of it.
struct epoch_end {
  leader_epoch epoch = no_epoch;
  offset end = no_offset;
};

/// The leader epochs of one log (KIP-101, KIP-279): rising epochs with rising start offsets. Pure; owned by the log.
class epochs {
 public:
  /// Records from `start` on are written under `epoch`. What contradicts it (later epochs, later starts) goes. True
  /// when something changed.
  bool assign(leader_epoch epoch, offset start);
  /// Forgets epochs that start at or after `end`. True when something changed.
  bool truncate_end(offset end);
  /// The log starts at `start` now: the epoch of that record starts there, older ones go. True when something changed.
  bool truncate_start(offset start);
  void clear();

  /// The largest epoch at or below `asked` and its end, given the log's end.
  epoch_end end_of(leader_epoch asked, offset log_end) const;
  /// The epoch of the record at `at`; -1 when before the first known.
  leader_epoch at(offset at) const;
  leader_epoch latest() const { return entries_.empty() ? no_epoch : entries_.back().epoch; }
  const std::vector<epoch_entry>& entries() const { return entries_; }

  /// The content of `leader-epoch-checkpoint`.
  std::string encode() const;
  /// Reads it; `corrupt_file` with the reason when it is not in order.
  static expected<epochs> decode(bytes_view content);

 private:
  std::vector<epoch_entry> entries_;
};

}  // namespace troupe::log
