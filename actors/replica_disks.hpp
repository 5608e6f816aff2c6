#pragma once

#include "actors/replicas.hpp"
#include "actors/syncer.hpp"
#include "schema/partition.capnp.h"

#include <caf/fwd.hpp>
#include <caf/typed_response_promise.hpp>

#include <deque>
#include <functional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace troupe {

/// One log directory with the actor that waits for its disk.
struct replica_disk {
  log_directory directory;
  caf::actor syncer;
  std::size_t replicas = 0;
  bool dirty = false;    ///< checkpoint files are behind
  bool unclean = false;  ///< something could not be closed: no clean mark
  bool writing = false;  ///< checkpoint files are being written
  std::vector<std::function<void(const error&)>> waiting;  ///< for the round of writing that comes next
};

/// The log directories of a node: which partition's folder lies where, and their checkpoint files and clean marks. A
/// part of the state of `replicas`.
class replica_disks {
 public:
  /// Takes the directories over and spawns a syncer for each, linked to `self`.
  void start(caf::event_based_actor* self, node_context& context, std::vector<log_directory> directories);

  /// Addresses of entries stay.
  std::deque<replica_disk>& all() { return disks_; }
  /// The disk that a folder lies on, or the one with the fewest replicas for a new one.
  replica_disk* of(const std::string& folder);
  /// A folder's partition was deleted: nothing about it stands in the checkpoints any more.
  void forget(const std::string& folder, replica_disk& disk);
  /// A folder was put aside: nobody misses what was durable in it.
  void give_up(const std::string& folder, replica_disk& disk);

  /// The disk of an entry of `log.dirs`; null when there is no such entry.
  replica_disk* at(const std::string& directory);
  /// A folder has moved from one disk to another.
  void move(const std::string& folder, replica_disk& from, replica_disk& to);

  /// What a partition says of its log, for the checkpoint files.
  void note(schema::PartitionDurable::Reader m);
  /// Likewise; answers when it stands on the disk.
  void lower(schema::PartitionDurable::Reader m, caf::typed_response_promise<disk_done> done);

  /// Writes the checkpoint files of the disks where something has changed.
  void write_changed();
  /// What hears the outcome of writing.
  using written = std::function<void(const error&)>;
  /// Writes the checkpoint files of one disk as they are now.
  void write(replica_disk& disk, written then);
  /// All checkpoint files and, last, the clean marks: they promise that everything before them is on the disk. After a
  /// stop that was not a clean one, folders that nobody has asked for were not verified: the next start must do that
  /// (KAFKA-10471).
  void write_clean_marks(caf::typed_response_promise<replicas_closed> done);

 private:
  std::vector<replace_content> checkpoint_files(const replica_disk& disk) const;
  using write_list = std::shared_ptr<std::vector<replace_content>>;
  void begin_round(replica_disk& disk);
  void write_in_order(const caf::actor& syncer, write_list writes, std::size_t at, written then);

  caf::event_based_actor* self_ = nullptr;
  node_context* context_ = nullptr;
  std::deque<replica_disk> disks_;
  std::unordered_map<std::string, replica_disk*> folder_on_disk_;
  std::set<std::string> used_;  ///< folders that were asked for
};

}  // namespace troupe
