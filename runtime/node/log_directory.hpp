#pragma once

#include "runtime/authority/disk.hpp"
#include "runtime/authority/random.hpp"
#include "runtime/base/ids.hpp"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace troupe {

/// Up to where a partition's log was durable and committed, and where it starts, as the checkpoint files of its
/// directory have it.
struct known_offsets {
  offset recovery_point{0};
  offset log_start{0};
  offset cleaned_to{0};  ///< where the last compaction pass ended
  offset high_watermark{0};
  bool operator==(const known_offsets&) const = default;
};

/// One entry of `log.dirs`: locked for this process, with what stood in it at start.
struct log_directory {
  std::string path;
  std::string cluster_id;
  /// The last stop was a clean one: nothing needs to be verified. The mark itself is gone from the disk by now, so that
  /// a crash from here on counts as one.
  bool clean = false;
  std::int64_t clean_epoch = -1;  ///< the broker epoch that stands in the mark
  topic_id id;                    ///< drawn when it was made: another one than before means that what it held is gone
  std::map<std::string, known_offsets> offsets;  ///< by folder name, `topic-N`
  std::set<std::string> partitions;              ///< folders of partitions that exist
  std::vector<std::string> notes;                ///< sentences about what was found damaged or left over
  std::shared_ptr<directory_lock> lock;
};

/// Locks `path` (made when absent), checks that it belongs to this node and cluster (`cluster_id` empty: whichever it
/// has), finishes deletions that were cut short, reads the checkpoints and takes the clean mark away. A new directory
/// gets `cluster_id`, or a new random one.
expected<log_directory> open_log_directory(disk& on, random_source& random, const std::string& path, node_id self,
                                           const std::string& cluster_id);

/// Moves a partition's folder out of the way when it holds another topic than `owner`: one of the same name that was
/// deleted just before a crash. Returns where it went, or an empty path when there was nothing to do. Nothing is
/// removed.
expected<std::string> put_aside_foreign(disk& on, const std::string& folder, const topic_id& owner);

/// Moves the folder of a topic that the metadata do not know out of the way; returns where it went.
expected<std::string> put_aside(disk& on, const std::string& folder);

/// Files of a log directory, in Kafka's formats and names.
std::string recovery_checkpoint_path(const std::string& directory);
std::string log_start_checkpoint_path(const std::string& directory);
std::string cleaner_checkpoint_path(const std::string& directory);
std::string watermark_checkpoint_path(const std::string& directory);
std::string clean_mark_path(const std::string& directory);
/// What stands in the clean mark of a process that was registered with that epoch.
std::vector<std::uint8_t> clean_mark(std::int64_t broker_epoch);

/// The cluster that the directory belongs to; empty when it does not exist or belongs to none yet.
expected<std::string> cluster_of_directory(disk& on, const std::string& path);

/// Where a partition's log is copied to on its way to `directory`, as Kafka names it.
std::string future_folder(const std::string& directory, const std::string& folder, const topic_id& topic);

/// What moves of logs between `directories` have left when they were cut short by a crash: a copy that is not whole is
/// removed, and one that is whole takes its place where the log it is of has gone already. Says so in the notes.
/// Errors: the disk's.
error settle_moved_folders(disk& on, std::vector<log_directory>& directories);

/// Folder of the metadata log, in the first log directory.
constexpr auto metadata_folder = "__cluster_metadata-0";
/// Suffix of a partition's folder that is being deleted.
constexpr auto deleted_suffix = "-delete";
/// Suffix of a copy that is not whole.
constexpr auto future_suffix = "-future";
/// Suffix of a copy that is whole, until it has taken the log's place.
constexpr auto ready_suffix = "-ready";
/// Suffix of a folder that belongs to another topic of the same name and was put aside.
constexpr auto stray_suffix = "-stray";

/// `topic-N`, the folder of a partition.
std::string partition_folder(const std::string& topic, partition_index index);

}  // namespace troupe
