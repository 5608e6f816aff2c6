#pragma once

#include "runtime/authority/disk.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace troupe::log {

/// A file of entries of equal size, of which the newest may be in memory only. Entries are added in order, so an
/// entry is found by bisection with small reads; the file is never loaded as a whole. Owned by one segment.
class index_file {
 public:
  static constexpr std::size_t entry_bytes_max = 12;
  /// One entry as it lies in the file.
  using raw_entry = std::array<std::uint8_t, entry_bytes_max>;

  index_file(std::string path, std::size_t entry_bytes) : path_(std::move(path)), entry_bytes_(entry_bytes) {}

  /// Takes over the entries that the file holds. `corrupt_file` when it is missing or its size is not a multiple of the
  /// entry size.
  error open(disk& on);
  std::uint32_t size() const { return stored_ + static_cast<std::uint32_t>(pending_.size() / entry_bytes_); }
  bool empty() const { return size() == 0; }
  const std::string& path() const { return path_; }
  /// Entry number `n`, counted from 0.
  expected<raw_entry> at(std::uint32_t n) const;
  void push(bytes_view entry);
  /// Forgets all entries from number `count` on, also in the file.
  error truncate(disk& on, std::uint32_t count);
  bool has_pending() const { return !pending_.empty(); }
  /// Writes what is in memory only; makes the file even when it is empty. Not synced.
  error flush(disk& on);
  /// Puts the entries, all of them in memory only, in the place of whatever the file holds: after a crash the old
  /// content or the new one is there. Waits for the disk.
  error replace(disk& on);
  const std::shared_ptr<file>& handle() const { return file_; }

 private:
  error open_for_writing(disk& on);

  std::string path_;
  std::size_t entry_bytes_;
  std::uint32_t stored_ = 0;
  std::shared_ptr<file> file_;
  std::vector<std::uint8_t> pending_;
};

}  // namespace troupe::log
