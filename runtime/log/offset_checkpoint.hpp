#pragma once

#include "runtime/authority/disk.hpp"
#include "runtime/base/error.hpp"
#include "runtime/base/ids.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

// The checkpoint files of a log directory in Kafka's text format: `recovery-point-offset-checkpoint`,
// `log-start-offset-checkpoint`, `cleaner-offset-checkpoint`, `replication-offset-checkpoint`.

namespace troupe::log {

/// One line: an offset of one partition.
struct offset_checkpoint_entry {
  std::string topic;
  partition_index partition;
  offset at;
  friend bool operator==(const offset_checkpoint_entry&, const offset_checkpoint_entry&) = default;
};

/// The file's content: version 0, the count, one line an entry.
std::vector<std::uint8_t> encode_offset_checkpoint(std::span<const offset_checkpoint_entry> entries);

/// Reads such content; `corrupt_file` naming `path`, the line and the reason.
expected<std::vector<offset_checkpoint_entry>> decode_offset_checkpoint(const std::string& path, bytes_view content);

/// Reads the file `path`; one that does not exist is empty. Errors: `corrupt_file`, the disk's.
expected<std::vector<offset_checkpoint_entry>> read_offset_checkpoint(disk& on, const std::string& path);

/// Replaces the file `path` so that after a crash the old or the new content is there. Blocks.
error write_offset_checkpoint(disk& on, const std::string& path, std::span<const offset_checkpoint_entry> entries);

}  // namespace troupe::log
