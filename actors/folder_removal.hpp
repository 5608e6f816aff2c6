#pragma once

#include <caf/actor.hpp>
#include <caf/fwd.hpp>

#include <functional>
#include <string>

namespace troupe {

class node_context;

/// Who removes, with which disk's workers.
struct folder_remover {
  caf::event_based_actor& self;
  node_context& context;
  caf::actor syncer;
};

/// Takes the folder of a deleted partition out of the way of a new topic of its name: gives it the name `to`, calls
/// `gone` when that is durable, or at once when there is none or it cannot be done, and removes what is in it in the
/// background; files that are still being sent stay readable until then. Both names lie in `directory`.
void remove_partition_folder(const folder_remover& by, const std::string& directory, const std::string& folder,
                             const std::string& to, std::function<void()> gone);

/// Removes all that is at `path`; a failure is only told in the log.
void remove_in_background(const folder_remover& by, const std::string& path);

}  // namespace troupe
