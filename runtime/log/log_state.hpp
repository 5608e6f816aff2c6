#pragma once

#include "runtime/log/aborted.hpp"
#include "runtime/log/epochs.hpp"
#include "runtime/log/log.hpp"
#include "runtime/log/log_home.hpp"
#include "runtime/log/producers.hpp"
#include "runtime/log/segment.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe::log {

/// A batch boundary that a reader has come to or will ask for: reading on from there needs no index.
struct reader_mark {
  offset at = no_offset;
  offset segment_base;
  std::uint64_t position = 0;
};

/// Where one of the latest batches of the active segment starts.
struct batch_start {
  offset base;
  std::uint64_t position = 0;
};

/// A file that was renamed to `.deleted` and goes when its time has come.
struct doomed_file {
  std::string path;
  wall_time due;
};

/// Everything behind `log`, shared by the files that implement its parts: log_open, log_append, log_sync, log_read,
/// log_cut. Invariants: `segments` are sorted, the last is the active one; none: nothing is on the disk yet.
struct log_state {
  static constexpr std::size_t reader_marks_max = 6;
  static constexpr std::size_t batch_starts_max = 128;
  static constexpr std::size_t open_inactive_max = 4;

  log_home home;
  options how;
  topic_id topic;
  recovery_report report;

  offset log_start{0};
  offset log_end{0};
  offset durable_end{0};
  std::vector<segment> segments;
  bool directory_made = false;

  epochs leader_epochs;
  bool epochs_changed = false;       ///< since the file was written
  producers idempotent;
  offset snapshot_at = no_offset;    ///< of the newest producer snapshot file
  aborted_transactions aborted;
  std::vector<offset> unwritten_aborts;  ///< markers of those that are in no file yet, oldest first

  error offline;                     ///< why there are no appends any more
  error damage;                      ///< damaged_below_durable_mark
  offset damaged_at = no_offset;     ///< reads from here on fail
  bool closed = false;

  /// Indexes of the active segment and the newest snapshot were written and closed; the next ticket syncs them.
  bool set_aside = false;

  // What the next ticket takes along, and the one that is out.
  std::vector<std::shared_ptr<file>> dirty_files;
  bool dirty_directory = false;
  bool dirty_parent = false;
  std::uint64_t unsynced_bytes = 0;
  std::int64_t unsynced_records = 0;
  wall_time first_unsynced;
  std::uint64_t tickets_given = 0;
  bool ticket_out = false;
  bool epochs_file_waits = false;    ///< the new epoch file has its temporary name; the ticket syncs it
  std::vector<std::shared_ptr<file>> ticket_files;

  // Reading.
  std::array<reader_mark, reader_marks_max> marks;
  std::size_t next_mark = 0;
  const segment* last_limited = nullptr;  ///< for which open files were counted last; only compared
  std::vector<batch_start> starts;   ///< latest batches of the active segment, oldest first
  std::vector<doomed_file> doomed;

  offset cleaned_to{0};
  std::uint64_t generation = 0;      ///< counts truncations

  // -- log_append.cpp
  segment* active() { return segments.empty() ? nullptr : &segments.back(); }
  /// Why an append is refused; no error: it is not.
  error refuse_write() const;
  /// A call to the disk failed: takes the log offline unless the reason may pass and nothing is half done.
  error failed(const error& why);
  bool must_roll(const batch_head& batch, wall_time now);
  /// Makes the directory and the first segment, or rolls, so that `batch` fits into the active segment.
  error make_room(const batch_head& batch, wall_time now);
  error begin_on_disk(offset base, wall_time now);
  /// Lets the directory say which topic it is of, durably with the next ticket.
  error write_topic();
  /// Closes the active segment and opens a new one that starts at `base`.
  error roll(offset base, wall_time now);
  /// Writes `parts` with one call; they make up `batches`, whose positions are set. All or nothing.
  error write(std::span<const bytes_view> parts, std::span<const batch_head> batches);
  void note_appended(const batch_head& batch, wall_time now);

  // -- log_sync.cpp
  /// This file has content that the next ticket must sync.
  void touch(const std::shared_ptr<file>& written);
  error write_snapshot(offset at);
  error write_epochs_aside();
  error flush_active();
  void set_aside_derived();
  error touch_set_aside();

  // -- log_aborted.cpp
  /// Applies a producer's batch or a transaction marker to what is known of producers and aborted transactions;
  /// `records` are those of control batches.
  void note_producer(const batch_head& batch, bytes_view records);
  /// Reads the files of all segments; of entries from `trusted` on nothing is believed.
  error load_aborted(offset trusted);
  /// Appends to the segments' files what is not there yet: the next ticket makes it durable together with the markers.
  error write_aborted();
  /// Markers from `to` on have been cut off.
  error cut_aborted(offset to);
  /// The segments with the markers in [from, to) are gone with their files.
  void forget_aborted(offset from, offset to);

  // -- log_load.cpp
  /// Producers' state up to the log's end: the newest sound snapshot and the batches behind it.
  /// Snapshots above `trusted` are removed, since they may be of records that were truncated, and those below the first
  /// segment.
  error load_producers(offset trusted);
  /// The epoch file, completed or built anew from the batches where it is not trusted or not sound.
  error load_epochs(bool trusted);

  // -- log_read.cpp
  std::vector<segment>::iterator segment_of(offset at);
  offset end_of(std::vector<segment>::const_iterator s) const;
  void limit_open_files(const segment& keep);
  void forget_positions();
  void remember(const reader_mark& mark);

  // -- log_compact.cpp
  expected<std::vector<segment_facts>> inactive_segments();

  // -- log_cut.cpp
  error drop_segments(std::vector<segment>::iterator first, std::vector<segment>::iterator last, wall_time now);
  error unlink_due(wall_time now);
};

}  // namespace troupe::log
