#include "actors/syncer.hpp"

#include "runtime/base/bounds.hpp"
#include "runtime/node/context.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <atomic>

namespace troupe {

namespace {

using load = std::shared_ptr<std::atomic<int>>;

caf::result<disk_done> done_or(error failed) {
  if (failed)
    return failed;
  return disk_done{};
}

error sync_all(disk& storage, const sync_files& m) {
  for (const auto& f : m.files)
    if (auto failed = f->sync())
      return failed;
  for (const auto& directory : m.directories)
    if (auto failed = storage.sync_directory(directory))
      return failed;
  return {};
}

/// Waits for the device; `waiting` counts what its mailbox holds.
caf::behavior sync_worker(caf::event_based_actor* self, node_context* context, std::string name, load waiting) {
  adopt(self, *context, std::move(name));
  auto& storage = context->storage;
  return {
    [&storage, waiting](const sync_files& m) {
      auto failed = sync_all(storage, m);
      --*waiting;
      return done_or(std::move(failed));
    },
    [&storage, waiting](const replace_content& m) {
      auto failed = replace_file(storage, m.path, m.content);
      --*waiting;
      return done_or(std::move(failed));
    },
    [&storage, waiting](const remove_tree& m) {
      auto failed = storage.remove_all(m.path);
      --*waiting;
      return done_or(std::move(failed));
    },
  };
}

class syncer_state {
 public:
  void start(caf::event_based_actor* self, node_context& context, const std::string& name) {
    self_ = self;
    for (int i = 0; i < bounds::sync_workers; ++i) {
      auto waiting = std::make_shared<std::atomic<int>>(0);
      auto worker = context.spawn_blocking(sync_worker, &context, name + "." + std::to_string(i), waiting);
      self->link_to(worker);
      workers_.push_back({std::move(worker), std::move(waiting)});
    }
  }

  /// Hands the message to the worker that has least to do.
  template <class Message>
  caf::delegated<disk_done> pass_on(const Message& m) {
    auto idlest = std::min_element(workers_.begin(), workers_.end(), [](const auto& a, const auto& b) {
      return a.waiting->load(std::memory_order_relaxed) < b.waiting->load(std::memory_order_relaxed);
    });
    ++*idlest->waiting;
    self_->delegate(idlest->handle, m);
    return {};
  }

 private:
  struct worker {
    caf::actor handle;
    load waiting;
  };
  caf::event_based_actor* self_ = nullptr;
  std::vector<worker> workers_;
};

caf::behavior syncer(caf::stateful_actor<syncer_state>* self, node_context* context, std::string name) {
  adopt(self, *context, name);
  auto& state = self->state;
  state.start(self, *context, name);
  return {
    [&state](const sync_files& m) { return state.pass_on(m); },
    [&state](const replace_content& m) { return state.pass_on(m); },
    [&state](const remove_tree& m) { return state.pass_on(m); },
  };
}

}  // namespace

caf::actor spawn_syncer(node_context& context, std::string name) {
  return context.spawn(syncer, &context, std::move(name));
}

}  // namespace troupe
