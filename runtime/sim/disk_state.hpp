#pragma once

#include "runtime/authority/disk.hpp"
#include "runtime/sim/disk_faults.hpp"
#include "runtime/sim/prng.hpp"

#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace troupe::sim {

/// Numbers files and directories; names point to them.
using inode_number = std::uint64_t;
constexpr inode_number root_inode = 1;
/// The smallest part of a file that a device stores or loses as a whole.
constexpr std::uint64_t sector_bytes = 512;

/// A write or a truncation that is not durable yet.
struct file_change {
  bool is_truncation = false;
  std::uint64_t position = 0;  ///< of a truncation: the new size
  std::vector<std::uint8_t> bytes;
  bool lost = false;                               ///< the device never stores it
  std::optional<std::uint64_t> stale_sector;       ///< the device does not store this part of it
  std::optional<std::uint64_t> misdirected_to;     ///< the device stores it there

  std::uint64_t end() const { return position + bytes.size(); }
};

/// A change of names that is not durable yet. A new name has no `from`, a removed one no `to`; a rename has both.
struct name_change {
  std::uint64_t number = 0;
  inode_number target = 0;
  inode_number from_directory = 0;
  std::string from;
  inode_number to_directory = 0;
  std::string to;
};

using name_map = std::map<std::string, inode_number>;

/// A file or a directory: how it looks, and what of that is durable.
struct inode {
  bool is_directory = false;
  std::vector<std::uint8_t> content;
  std::vector<std::uint8_t> durable;
  std::vector<file_change> unsynced;
  std::set<std::uint64_t> bad_sectors;
  name_map names;
  name_map durable_names;
  std::size_t handles = 0;
};

/// Everything about a simulated disk; a copy is an independent disk.
struct disk_state {
  explicit disk_state(std::uint64_t seed) : random(seed, "disk") { inodes[root_inode].is_directory = true; }

  std::map<inode_number, inode> inodes;
  inode_number last_inode = root_inode;
  std::vector<name_change> unsynced_names;
  std::uint64_t last_change = 0;
  std::uint64_t names_durable_to = 0;  ///< number of the youngest change of names that was synced
  std::set<inode_number> locked;
  std::uint64_t incarnation = 1;  ///< of the process; handles of earlier ones are dead

  prng random;
  std::vector<disk_fault> faults;
  std::uint64_t faults_struck = 0;
  std::uint64_t ops = 0;
  std::uint64_t reads = 0;
  std::uint64_t cut_at = std::numeric_limits<std::uint64_t>::max();
  bool is_cut = false;
  bool cached = true;
  bool shows_old_bytes = true;
  std::uint64_t capacity = std::numeric_limits<std::uint64_t>::max();
  slow_callback slow;
  disk_trace trace;

  /// Counts one operation, shows it to the trace, and fails when the process is dead.
  error begin_op(const char* what, const std::string& path, const std::string& detail = {});
  /// Fails when the process is dead.
  error check_alive(const std::string& path) const;
  /// Whether a fault of `kind` strikes this call now; one that was scheduled is used up.
  bool strikes(fault_kind kind, const std::string& path);
  /// Tells the callback when the call on `path` is slow.
  void maybe_slow(const std::string& path);

  /// The inode of `path`, or none.
  std::optional<inode_number> find(const std::string& path) const;
  /// Directory and last name of `path`. Errors: `not_found`; `io` for the root itself.
  expected<std::pair<inode_number, std::string>> find_parent(const std::string& path) const;
  inode_number link_new(inode_number directory, const std::string& name, bool is_directory);
  void unlink(inode_number directory, const std::string& name);
  void move(inode_number from_directory, const std::string& from, inode_number to_directory, const std::string& to);
  /// Makes the changes of names in `directory` durable.
  void sync_names(inode_number directory);
  /// Makes the changes of a file durable, as far as the device stores them.
  void sync_content(inode_number file);
  /// Forgets inodes that neither a name nor a handle nor an unsynced change needs.
  void collect();
  /// Handles, locks and a cut end with the process.
  void end_process();
  /// Bytes of all files that a name or a handle holds.
  std::uint64_t used_bytes() const;
};

/// Puts `change` into `names_of(directory)`.
template <class NamesOf>
void apply_name_change(const name_change& change, NamesOf&& names_of) {
  if (change.from_directory != 0) {
    auto& names = names_of(change.from_directory);
    auto found = names.find(change.from);
    if (found != names.end() && found->second == change.target)
      names.erase(found);
  }
  if (change.to_directory != 0)
    names_of(change.to_directory)[change.to] = change.target;
}

/// Overwrites `content` from `position`, longer when needed (zeros in between).
void put(std::vector<std::uint8_t>& content, std::uint64_t position, bytes_view bytes);

/// Splits a path into its names; empty ones and "." do not count.
std::vector<std::string> split_path(const std::string& path);

}  // namespace troupe::sim
