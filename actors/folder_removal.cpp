#include "actors/folder_removal.hpp"

#include "actors/syncer.hpp"
#include "runtime/node/context.hpp"

#include <caf/all.hpp>

#include <utility>

namespace troupe {

namespace {

void say(node_context& context, const error& why) {
  context.log.write(log_level::error, "replicas", "deleted partition stays on the disk: " + render(why));
}

}  // namespace

void remove_partition_folder(const folder_remover& by, const std::string& directory, const std::string& folder,
                             const std::string& to, std::function<void()> gone) {
  auto& storage = by.context.storage;
  const auto from = directory + "/" + folder;
  auto there = storage.exists(from);
  if (there && !*there)
    return gone();
  if (auto failed = there ? storage.rename(from, directory + "/" + to) : there.error()) {
    say(by.context, failed);
    return gone();
  }
  // Until the new name is durable, a loss of power may bring back the old one, with some of the files: those of a
  // deleted topic must not come back in the place of a new one's.
  by.self.request(by.syncer, caf::infinite, sync_files{{}, {directory}})
    .then([by, path = directory + "/" + to, gone](const disk_done&) { remove_in_background(by, path); gone(); },
          [by, gone](const caf::error& why) { say(by.context, why); gone(); });
}

void remove_in_background(const folder_remover& by, const std::string& path) {
  by.self.request(by.syncer, caf::infinite, remove_tree{path})
    .then([](const disk_done&) {}, [context = &by.context](const caf::error& why) { say(*context, why); });
}

}  // namespace troupe
