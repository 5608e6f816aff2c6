#pragma once

#include "runtime/authority/disk.hpp"
#include "runtime/metadata/frame.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::metadata {

/// `%020d.journal` of the first index.
std::string segment_name(std::int64_t base);
/// The first index in such a name; none for other names.
std::optional<std::int64_t> parse_segment_name(std::string_view name);

/// One file of the metadata log: a header and the frames of entries from `base()` on, and where each lies. Owned by a
/// `journal`, which decides when to sync.
class segment {
 public:
  /// Makes the file of a segment that begins with entry `base`, durably. Everything before `base` must be durable
  /// already.
  static expected<std::unique_ptr<segment>> create(disk& on, const std::string& directory, std::int64_t base,
                                                   std::int64_t previous_term);

  /// Reads a segment. In the `last` one a torn tail is recognised and left behind `end()`; anything else that is not
  /// as it was written is `journal_damaged`, naming file and position. Other errors: `journal_version`, the disk's.
  static expected<std::unique_ptr<segment>> open(disk& on, const std::string& directory, std::int64_t base, bool last);

  std::int64_t base() const { return base_; }
  std::int64_t previous_term() const { return previous_term_; }
  /// First index after this segment.
  std::int64_t next_index() const { return base_ + static_cast<std::int64_t>(places_.size()); }
  std::int64_t term_at(std::int64_t index) const { return place_of(index).term; }
  std::uint64_t frame_bytes(std::int64_t index) const { return place_of(index).bytes; }
  /// Where the next frame goes.
  std::uint64_t end() const { return end_; }
  /// Bytes in the file behind `end()` when it was opened: a torn tail, or a seal.
  std::uint64_t torn_bytes() const { return torn_bytes_; }
  const std::string& path() const { return path_; }
  const std::shared_ptr<file>& handle() const { return file_; }

  /// Reads the entries [from, until), all of them in here, with one read.
  error read(std::int64_t from, std::int64_t until, std::vector<entry>& into) const;

  /// Writes `entries` behind the last one; the journal has checked their order. Not durable yet. `durable` is the last
  /// entry that is. On an error nothing was added, and the file may have bytes behind `end()`.
  error write(std::span<const entry> entries, std::int64_t durable);
  /// Notes behind the last entry that all of them are durable. Needs no sync to be useful.
  error write_seal(entry_id last);

  /// Writes what is there once more, as it is: after a failed sync, which a process that is gone may have met, the
  /// system calls bytes clean that never reached the device.
  error write_again();

  /// Cuts off `from` and everything behind it, or, with `next_index()`, what the file has behind the last entry.
  error truncate_from(std::int64_t from);

 private:
  struct place {
    std::uint64_t position;
    std::uint32_t bytes;
    std::int64_t term;
  };
  segment() = default;
  error read_header(bytes_view content);
  error scan(bytes_view content, bool last);
  error judge_tail(bytes_view content) const;
  const place& place_of(std::int64_t index) const { return places_[static_cast<std::size_t>(index - base_)]; }

  std::string path_;
  std::shared_ptr<file> file_;
  std::int64_t base_ = 1;
  std::int64_t previous_term_ = 0;
  std::vector<place> places_;
  std::uint64_t end_ = 0;
  std::uint64_t torn_bytes_ = 0;
};

}  // namespace troupe::metadata
