#pragma once

#include "runtime/authority/disk.hpp"
#include "runtime/metadata/bounds.hpp"
#include "runtime/metadata/errors.hpp"
#include "runtime/metadata/records.hpp"
#include "runtime/metadata/segment.hpp"
#include "runtime/metadata/snapshot.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace troupe::metadata {

/// How a journal cuts its files.
struct journal_options {
  std::size_t segment_bytes = bounds::journal_segment_bytes;  ///< a segment that has reached it is followed by another
};

/// What `journal::open` found.
struct journal_recovery {
  entry_id snapshot;                  ///< the snapshot to begin with; {0, 0}: none
  records snapshot_content;
  std::vector<std::string> lines;  ///< what a person should know: a cut tail, a damaged snapshot that was passed over
};

/// The metadata log on disk: entries and snapshots in one directory, formats in FORMAT.md. Every append is durable
/// before it counts. What was once durable is never cut or removed on the journal's own account: damage there is an
/// error, and then the node must not start. Owned by one actor; calls wait for the disk. Nothing is retried after a
/// failed write or sync: from then on the journal is offline and only reads.
class journal {
 public:
  /// Opens the journal in `directory`, which is made when it is not there. A torn tail, which was never acknowledged,
  /// is cut; when the newest snapshot is damaged, an older one serves if the entries since are complete. Otherwise
  /// `journal_damaged` or `journal_version`, or the disk's error.
  static expected<std::unique_ptr<journal>> open(disk& on, std::string directory, journal_options options = {});

  /// What was found at `open`; the content of the snapshot may be taken once.
  journal_recovery& recovery() { return recovery_; }

  /// First entry that can be read; `last().index + 1` when there is none.
  std::int64_t first_index() const;
  /// Last entry; that of the newest snapshot or {0, 0} when there is none.
  entry_id last() const;
  /// Last entry that is durable.
  std::int64_t durable_index() const { return durable_; }
  /// Term of an entry that can be read, of the newest snapshot's entry, or of index 0; -1 for others.
  std::int64_t term_at(std::int64_t index) const;
  /// The newest snapshot.
  entry_id snapshot() const { return snapshots_.empty() ? entry_id{} : snapshots_.back(); }

  /// Entries [from, until), fewer when they would take more than `max_bytes`, but at least one. `from` must be
  /// readable.
  expected<std::vector<entry>> read(std::int64_t from, std::int64_t until, std::size_t max_bytes) const;

  /// Appends entries that follow `last()` and makes them durable. Errors: `out_of_order`, `journal_offline`, disk.
  error append(std::span<const entry> entries);

  /// The two halves of `append`, for callers that have somebody else wait for the device: write, then sync
  /// `ticket.files` and `ticket.directories`, then `finish`. Appends may go on meanwhile.
  struct sync_ticket {
    std::vector<std::shared_ptr<file>> files;
    std::vector<std::string> directories;
    std::int64_t durable_to = 0;  ///< last entry that is durable once the sync has succeeded
    std::uint64_t truncations = 0;
  };
  expected<sync_ticket> begin_append(std::span<const entry> entries);
  /// The outcome of the sync of `ticket`; a failed one takes the journal offline.
  void finish(const sync_ticket& ticket, const error& outcome);

  /// Removes `from` and all after it, durably; only for entries above the newest snapshot. For a follower whose tail
  /// differs.
  error truncate_from(std::int64_t from);

  /// Writes a snapshot of the state after entry `at`, which must be durable and above the newest one. The one before is
  /// kept; older ones, and segments with nothing above the kept one, are removed afterwards. A failure leaves the
  /// journal in use.
  error save_snapshot(entry_id at, const records& content);

  /// The two halves of `save_snapshot`: begin, have `content` put at `path` by `replace_file`, then `finish_snapshot`.
  struct snapshot_ticket {
    entry_id at;
    std::string path;
    std::vector<std::uint8_t> content;
  };
  expected<snapshot_ticket> begin_snapshot(entry_id at, const records& content) const;
  /// The snapshot of `at` is durable. Returns what went wrong in removing what is no longer needed.
  error finish_snapshot(entry_id at);

  /// Puts a snapshot that came from another node, of an entry above the newest one here, in the place of the whole log:
  /// the log goes on behind it. All of it or, after a crash, none of it. Errors: `out_of_order`, the disk's.
  error install_snapshot(entry_id at, const records& content);

  /// Marks the end as durable for the next start; call last at a clean stop.
  error close();

  /// True after a failed write or sync.
  bool is_offline() const { return static_cast<bool>(offline_); }

 private:
  journal(disk& on, std::string directory, journal_options options);

  // Recovery, in this order.
  error look_around();
  error load_snapshot();
  error open_segments();
  error check_whole();
  error settle_tail();

  error finish_install(entry_id at);
  error go_on_installing(entry_id at);

  error start_segment(std::int64_t base, std::int64_t previous_term);
  error roll();
  error remove_unneeded();
  error remove_file(const std::string& name);
  error check_order(std::span<const entry> entries) const;
  error fail(error why);
  segment* segment_of(std::int64_t index) const;
  std::string path_of(const std::string& name) const { return directory_ + "/" + name; }
  error damaged(const std::string& what) const;

  disk& disk_;
  std::string directory_;
  journal_options options_;
  journal_recovery recovery_;
  std::vector<std::int64_t> found_segments_;        ///< first indices of the files found at `open`
  std::vector<std::unique_ptr<segment>> segments_;  ///< without a gap; the last one is written to
  std::vector<entry_id> snapshots_;                 ///< oldest first; the newest one is known to be whole
  std::int64_t claimed_ = 0;                        ///< last entry that a snapshot, even a damaged one, says was there
  std::int64_t durable_ = 0;
  std::uint64_t truncations_ = 0;
  error offline_;                                   ///< why nothing is appended any more
};

/// The entry whose snapshot was being installed, from the name of a file that says so; none for other names.
std::optional<entry_id> parse_install_mark(std::string_view name);

/// True for an error of a disk that is only full.
bool is_no_space(const error& e);

}  // namespace troupe::metadata
