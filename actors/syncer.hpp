#pragma once

#include "runtime/authority/disk.hpp"

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

#include <memory>
#include <string>
#include <vector>

namespace troupe {

class node_context;

/// Make these files' content and then these directories' entries durable.
struct sync_files {
  std::vector<std::shared_ptr<file>> files;
  std::vector<std::string> directories;
};

/// Replace the file `path` so that after a crash the old or the whole new content is there.
struct replace_content {
  std::string path;
  std::vector<std::uint8_t> content;
};

/// Remove a file or a directory with all in it.
struct remove_tree {
  std::string path;
};

/// It is on the disk.
struct disk_done {};

/// The durable writes of one disk: takes them from everyone and has a few workers wait for the device, so that syncs of
/// several files share one commit of the file system's journal. While one sync of a file is under way its partition
/// collects the next appends (group commit).
///
/// Messages  sync_files → disk_done        in no order between requests; an error is final (never retry a failed sync)
///           replace_content → disk_done
///           remove_tree → disk_done
/// Exits     never by itself
caf::actor spawn_syncer(node_context& context, std::string name);

}  // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::sync_files)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::replace_content)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::remove_tree)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::disk_done)
