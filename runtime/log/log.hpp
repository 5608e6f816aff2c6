#pragma once

#include "runtime/authority/clock.hpp"
#include "runtime/authority/disk.hpp"
#include "runtime/base/chunk.hpp"
#include "runtime/log/aborted.hpp"
#include "runtime/log/cleaning.hpp"
#include "runtime/log/options.hpp"
#include "runtime/log/producers.hpp"
#include "runtime/log/epochs.hpp"
#include "runtime/log/recovery_report.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe::log {

struct log_state;

/// What the owner knows of a log before it is opened.
struct open_hints {
  bool clean_stop = false;      ///< the last owner has called `close` and a durable mark says so: nothing is verified
  offset recovery_point{0};     ///< everything below was durable: damage there is never cut
  offset log_start_offset{0};   ///< from the checkpoint; the first segment decides when it starts later
  offset cleaned_to{0};         ///< where the last compaction pass ended
  topic_id topic;               ///< goes into `partition.metadata`; all zero: the file is not written
};

/// What became of an append.
struct append_result {
  offset base;                            ///< of the first record
  offset last;                            ///< of the last record
  std::int64_t log_append_time_ms = -1;   ///< -1 unless the topic's times are LogAppendTime
  offset log_start;
  bool duplicate = false;  ///< an idempotent producer's retry: nothing was appended, offsets are the first try's
};

/// Records as they lie in one segment: whole batches. Empty when there is nothing to read or nothing fits.
struct read_result {
  file_region records;
  offset next = no_offset;  ///< where to read on; -1 when nothing was read
};

/// An answer to ListOffsets. `at` is -1 when there is no such record.
struct found_offset {
  offset at = no_offset;
  std::int64_t timestamp_ms = no_timestamp;
  leader_epoch epoch = no_epoch;
};

/// Work for whoever waits for the disk: sync all `files`, then all `directories`, then hand the ticket to
/// `finish_sync`.
struct sync_ticket {
  offset up_to{0};  ///< what will be durable then
  std::vector<std::shared_ptr<file>> files;
  std::vector<std::string> directories;
  std::uint64_t number = 0;
};

/// What a look at retention has done.
struct retention_result {
  int removed_segments = 0;
  std::uint64_t removed_bytes = 0;
};

/// The log of one partition: segments of record batches with their indexes, the epochs of its leaders and the state
/// of its idempotent producers, in Kafka's file formats. Owned by one partition actor; not thread-safe; no clock, no
/// thread. Nothing is created on the disk before the first append. Files are opened when needed; `passivate` lets
/// them go.
///
/// Appends go to the page cache; what is durable is told by `durable_end`, which moves when a ticket of `begin_sync`
/// comes back. A failed write or sync takes the log offline for good: no more appends, reads go on (a full disk does
/// not, as long as the torn bytes can be cut off again).
class log {
 public:
  /// The special timestamps of `find_offset`.
  static constexpr std::int64_t latest_time = -1, earliest_time = -2, max_time = -3, earliest_local_time = -4;

  /// Opens the log in `directory`, verifying what was not durable when the stop was not a clean one; `recovery` tells
  /// what was rebuilt or cut. Damage below `hints.recovery_point` does not fail the opening: see `damage`. Errors:
  /// the disk's.
  static expected<std::unique_ptr<log>> open(disk& on, std::string directory, options how, const open_hints& hints,
                                             wall_time now);
  ~log();
  log(const log&) = delete;
  log& operator=(const log&) = delete;

  // -- what it holds ----------------------------------------------------------------------------------------------

  offset log_start_offset() const;
  offset log_end_offset() const;
  /// Everything below is on the disk for good; the recovery point of the checkpoint.
  offset durable_end() const;
  /// First offset that a read_committed reader must not see: the start of the first transaction that is open or whose
  /// marker is not below `high_watermark`, or `high_watermark`.
  offset last_stable_offset(offset high_watermark) const;
  /// Markers below `high_watermark` are replicated: the transactions that they have ended are settled.
  void note_high_watermark(offset high_watermark);
  /// The aborted transactions that a read_committed reader of [from, to) must know.
  std::vector<aborted_transaction> aborted_between(offset from, offset to) const;
  /// Where the first open transaction starts, and whose it is.
  std::optional<std::pair<offset, producer_id>> first_open_transaction() const;
  /// What is known of a producer; null: nothing. Valid until the next append or cut.
  const producer_state* find_producer(producer_id id) const;
  std::uint64_t size_bytes() const;
  std::size_t segment_count() const;
  const recovery_report& recovery() const;
  /// Sentences about repairs since the last call (an index that was built anew), for the log lines.
  std::vector<std::string> take_notes();
  /// Why this log takes no appends though its disk works: `damaged_below_durable_mark`, naming file and position.
  /// Reads from there on fail with it. No error: sound.
  const error& damage() const;

  // -- writing ----------------------------------------------------------------------------------------------------

  /// Appends one batch as a client sent it: checks it, gives it offsets and `epoch`, writes it with one call and
  /// without copying its records. Errors: those of `validate_batch` and of the sequence check,
  /// `batch_exceeds_segment`, `log_offline`, `storage_failed`, `no_space`; nothing was appended then.
  expected<append_result> append_as_leader(const byte_slice& batch, leader_epoch epoch, wall_time now);

  /// As `append_as_leader` for batches of the node's own making (control records, coordinators' journals): no limits on
  /// size, time or kind, no sequence numbers. The batch's base offset and epoch are set as for clients. Errors as
  /// there, without those of `validate_batch`; `invalid_producer_epoch`.
  expected<append_result> append_internal(const byte_slice& batch, leader_epoch epoch, wall_time now);
  /// Appends a coordinator's marker. Errors: `invalid_producer_epoch` and `coordinator_fenced`, and as above.
  expected<append_result> append_marker(const transaction_marker& marker, leader_epoch epoch, wall_time now);

  /// Appends batches as another replica has them, offsets and epochs included; an incomplete one at the end is left
  /// out. Errors: `corrupt_batch`, `offset_out_of_range` when they do not follow the log's end, and the disk's as
  /// above.
  expected<append_result> append_as_follower(const byte_slice& batches, wall_time now);

  // -- durability -------------------------------------------------------------------------------------------------

  /// Whether a ticket would have anything to sync: appends, or what `passivate` has written.
  bool needs_sync() const;
  /// What has to be synced so that all that is appended now becomes durable. One ticket at a time.
  sync_ticket begin_sync();
  /// The ticket's files and directories have been synced. A ticket from before a truncation is ignored.
  void finish_sync(const sync_ticket& ticket);
  /// Something failed that must not be retried: no more appends. The first reason stays.
  void go_offline(const error& why);
  bool is_offline() const;
  /// Bytes appended since the last `begin_sync`.
  std::uint64_t unsynced_bytes() const;
  /// By flush.messages and flush.ms; only with `durability=interval`, or where these are set.
  bool sync_due(wall_time now) const;

  // -- reading ----------------------------------------------------------------------------------------------------

  /// Whole batches from the one with `from` on, of one segment, at most `max_bytes`, none that reaches to `upper_limit`
  /// or beyond. `at_least_one_batch`: the first batch is given even if it is larger. Errors: `offset_out_of_range`
  /// below the start or above the end, `storage_failed`, `damaged_below_durable_mark`.
  expected<read_result> read(offset from, std::size_t max_bytes, offset upper_limit, bool at_least_one_batch);

  /// ListOffsets: the first record at or after `timestamp_ms` and below `high_watermark`, or one of the special times.
  expected<found_offset> find_offset(std::int64_t timestamp_ms, offset high_watermark);

  // -- leader epochs (KIP-101, KIP-279) ---------------------------------------------------------------------------

  /// This node leads under `epoch` from the log's end on.
  void assign_epoch(leader_epoch epoch);
  /// The largest epoch at or below `epoch` and where it ends.
  epoch_end end_offset_for_epoch(leader_epoch epoch) const;
  /// The epoch under which `at` was written; -1 when unknown.
  leader_epoch epoch_at(offset at) const;
  leader_epoch latest_epoch() const;

  // -- cutting ----------------------------------------------------------------------------------------------------

  /// Throws away everything from `to` on; of a batch that spans `to` too. The owner has written a recovery checkpoint
  /// at or below `to` before: else a crash would make the missing records look like damage.
  error truncate_to(offset to, wall_time now);
  /// Throws everything away and goes on at `at`. The checkpoint likewise.
  error truncate_fully_and_start_at(offset at, wall_time now);
  /// DeleteRecords: nothing below `before` is readable any more; whole segments below it go, also of compacted topics.
  error advance_log_start(offset before, wall_time now);

  // -- upkeep -----------------------------------------------------------------------------------------------------

  /// Removes segments by retention.ms, retention.bytes and log start, never above `high_watermark`; unlinks files whose
  /// file.delete.delay.ms is over.
  expected<retention_result> apply_retention(wall_time now, offset high_watermark);
  /// Forgets idempotent producers that have been silent for producer.id.expiration.ms.
  void expire_producers(wall_time now);
  /// What is remembered of each producer, for DescribeProducers.
  std::vector<active_producer> active_producers() const;
  void set_options(const options& how);
  const options& settings() const;

  /// What compaction would do now; empty when nothing is dirty enough.
  std::optional<cleaning_plan> plan_compaction(wall_time now, offset high_watermark);
  /// Swaps cleaned segments in. `cleaning_obsolete` when the log has changed meanwhile; the files are dropped then.
  error apply_compaction(const cleaned_files& cleaned);
  /// Where the last compaction pass ended.
  offset cleaned_to() const;

  // -- the end ----------------------------------------------------------------------------------------------------

  /// Closes all files and drops all caches; the next use opens them again. Writes the derived files first, so that once
  /// a ticket has synced them (`needs_sync`) the close of an idle log has nothing to do. Unsynced files are kept.
  void passivate();
  /// Makes everything durable (blocking) and writes what a clean start reads: indexes, epochs, producers. Takes no more
  /// appends. With an error the stop is not a clean one.
  error close();

 private:
  explicit log(std::unique_ptr<log_state> state);
  std::unique_ptr<log_state> state_;
};

}  // namespace troupe::log
