#pragma once

#include "runtime/authority/disk.hpp"
#include "runtime/base/error.hpp"
#include "runtime/log/compaction.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace troupe::log {

/// What a pass found and did.
struct cleaning_counts {
  std::uint64_t bytes_read = 0;
  std::uint64_t bytes_written = 0;
  std::uint64_t records_read = 0;
  std::uint64_t records_kept = 0;
  std::uint64_t records_without_key = 0;  ///< dropped: a compacted topic has keys
  std::uint64_t batches_unreadable = 0;   ///< kept as they are: sound checksum, but the client's bytes do not unpack
};

/// One group whose rewritten form lies beside the old segments as `<base>.log.cleaned` with its indexes, synced.
struct cleaned_group {
  cleaning_group replaces;
  std::uint64_t size_bytes = 0;          ///< 0: nothing survived, the group vanishes
  std::int64_t first_timestamp_ms = -1;  ///< as in `segment_facts`
  std::int64_t largest_timestamp_ms = -1;
  offset end_of_records{0};  ///< one above the last surviving batch
  std::vector<aborted_transaction> aborted;  ///< that readers of it must still be told of
};

/// The outcome of a pass, to be swapped in by the log's owner.
struct cleaned_files {
  std::string directory;
  std::vector<cleaned_group> groups;  ///< only those in which something changed
  offset cleaned_to{0};               ///< the next pass starts here; goes to the checkpoint
  std::uint64_t generation = 0;
  cleaning_counts counts;
};

/// Cleans by a plan, a bounded piece at a time. Reads inactive segments only, so it runs beside the log's owner without
/// a lock; one thread at a time. Memory: the key map's limit plus one batch packed and unpacked.
/// Semantics are Kafka's: the last record of each key stays; records without a key go; a tombstone's batch gets a
/// delete horizon when it is first seen and the tombstone goes when that has passed (KIP-534); each producer's last
/// batch and the last batch of the pass stay, if need be empty; batches keep offsets, codec, producer fields and leader
/// epoch. Records of aborted transactions go; a marker goes, with a delete horizon of its own, when nothing of its
/// transaction is left. The log's first segment never vanishes: at least an empty batch keeps the log's start where it
/// is.
class cleaning {
 public:
  cleaning(cleaning_plan plan, disk& on);
  ~cleaning();
  cleaning(cleaning&&) noexcept;
  cleaning& operator=(cleaning&&) noexcept;

  /// Goes on for about `bytes` of reading (at least one batch). True when finished. Errors: those of the disk,
  /// `corrupt_batch` when a segment is damaged, `cleaning_obsolete` when a source is gone; then nothing is left behind
  /// but
  /// `.cleaned` files, which the next pass or start removes.
  expected<bool> step(std::size_t bytes);

  /// The result, once `step` has returned true.
  cleaned_files take() &&;

 private:
  class work;
  std::unique_ptr<work> work_;
};

/// The whole pass at once, for a thread of its own.
expected<cleaned_files> clean(cleaning_plan plan, disk& on);

}  // namespace troupe::log
