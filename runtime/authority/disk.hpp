#pragma once

#include "runtime/base/bytes.hpp"
#include "runtime/base/error.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace troupe {

/// How a call to the disk failed; `make_error` puts path and operation into the sentence.
enum class disk_errc : std::uint8_t {
  not_found = 1,   ///< no such file or directory
  exists,          ///< it is there already
  no_space,        ///< ENOSPC or EDQUOT: the write did not happen or happened in part
  io,              ///< EIO and everything else: the device cannot be trusted with this file any more
  out_of_handles,  ///< EMFILE or ENFILE
  locked,          ///< another process holds the lock
};

error make_error(disk_errc code, std::string text);

/// One open file. Owned through `shared_ptr`; calls on one file from several threads are safe for reads and `sync`,
/// writes have one caller (the actor that owns the file). Nothing here retries: a failed call is reported once.
class file {
 public:
  virtual ~file() = default;

  /// Fills `into` from `position`; returns fewer bytes only at the end of the file. May block on the device.
  virtual expected<std::size_t> read(std::uint64_t position, std::span<std::uint8_t> into) = 0;

  /// As `read`, but only if the bytes are in memory already: never blocks. Nothing (not even part) read: empty
  /// optional.
  virtual expected<std::optional<std::size_t>> read_cached(std::uint64_t position, std::span<std::uint8_t> into) = 0;

  /// True when [position, position + size) can be read without waiting for the device, as far as a cheap look tells.
  virtual bool is_cached(std::uint64_t position, std::size_t size) = 0;

  /// Writes all `parts` one after the other from `position`. On an error any part of them may have been written.
  virtual error write(std::uint64_t position, std::span<const bytes_view> parts) = 0;

  /// Makes content and size durable (fdatasync); not the directory entry. Blocks: called by sync actors, at start and
  /// stop.
  virtual error sync() = 0;

  virtual error truncate(std::uint64_t size) = 0;
  virtual expected<std::uint64_t> size() = 0;

  /// The descriptor for handing a `file_region` to the kernel, -1 where there is none (simulated disks).
  virtual int native_handle() const { return -1; }
};

/// One entry of a directory.
struct directory_entry {
  std::string name;
  bool is_directory = false;
  std::uint64_t size = 0;  ///< bytes; 0 for directories
};

enum class open_mode { read, read_write, create, create_new };

/// An exclusive lock on a directory, held while the object lives.
class directory_lock {
 public:
  virtual ~directory_lock() = default;
};

/// Files, directories and their durability: the only way product code reaches a disk. `posix` and `sim` implement it.
/// Stateless and callable from any thread. A new, renamed or removed name is durable only after `sync_directory` of its
/// directory.
class disk {
 public:
  virtual ~disk() = default;

  virtual expected<std::shared_ptr<file>> open(const std::string& path, open_mode mode) = 0;
  virtual error make_directories(const std::string& path) = 0;
  virtual expected<std::vector<directory_entry>> list(const std::string& path) = 0;  ///< sorted by name
  virtual expected<bool> exists(const std::string& path) = 0;
  virtual error remove(const std::string& path) = 0;      ///< a file or an empty directory
  virtual error remove_all(const std::string& path) = 0;  ///< a tree; no error when absent
  virtual error rename(const std::string& from, const std::string& to) = 0;  ///< replaces `to` atomically
  virtual error sync_directory(const std::string& path) = 0;
  virtual expected<std::unique_ptr<directory_lock>> lock(const std::string& path) = 0;

  struct space {
    std::uint64_t total_bytes = 0;
    std::uint64_t free_bytes = 0;
  };
  virtual expected<space> free_space(const std::string& path) = 0;
};

/// Replaces the file `path` so that after a crash either the old or the whole new content is there: writes `path.tmp`,
/// syncs it, renames it, syncs the directory (in this order: KAFKA-15312).
error replace_file(disk& on, const std::string& path, bytes_view content);

/// The whole content of `path`, refused when it is larger than `max_bytes`.
expected<std::vector<std::uint8_t>> read_file(disk& on, const std::string& path, std::size_t max_bytes);

/// The directory part of `path` ("." when it has none).
std::string parent_path(const std::string& path);

}  // namespace troupe
