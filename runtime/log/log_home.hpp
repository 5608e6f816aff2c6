#pragma once

#include "runtime/authority/disk.hpp"
#include "runtime/base/ids.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace troupe::log {

/// Suffixes of the files in a partition's directory; the part before is the 20-digit offset that the file starts at.
namespace suffix {
constexpr std::string_view log = ".log", index = ".index", time_index = ".timeindex", snapshot = ".snapshot",
                           transactions = ".txnindex", deleted = ".deleted", temporary = ".tmp";
}  // namespace suffix

/// Files of a partition's directory that belong to no segment.
constexpr std::string_view epochs_file_name = "leader-epoch-checkpoint";
constexpr std::string_view metadata_file_name = "partition.metadata";

/// The directory of one partition, and what was noticed while working in it.
struct log_home {
  disk* on = nullptr;
  std::string directory;
  /// Sentences about things repaired on the way (an index built anew), for the log lines.
  std::vector<std::string> notes;

  /// Keeps a sentence; at most a hundred until someone takes them.
  void note(std::string sentence);
  std::string path(std::string_view name) const { return directory + "/" + std::string{name}; }
  /// `<directory>/<20 digits><suffix>`.
  std::string path(offset base, std::string_view suffix) const;
};

}  // namespace troupe::log
