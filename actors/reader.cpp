#include "actors/reader.hpp"

#include "runtime/base/bounds.hpp"
#include "runtime/node/context.hpp"

#include <caf/all.hpp>

namespace troupe {

namespace {

caf::behavior read_worker(caf::event_based_actor* self, node_context* context, std::string name) {
  adopt(self, *context, std::move(name));
  return {
    [](const read_region& m) -> caf::result<region_bytes> {
      unique_buffer buffer{m.region.size};
      auto count = m.region.source->read(m.region.position, buffer.span());
      if (!count)
        return count.error();
      return region_bytes{std::move(buffer).freeze(*count)};
    },
  };
}

struct reader_state {
  std::vector<caf::actor> workers;
  std::size_t next = 0;
};

caf::behavior reader(caf::stateful_actor<reader_state>* self, node_context* context, std::string name) {
  adopt(self, *context, name);
  for (int i = 0; i < bounds::read_workers; ++i) {
    self->state.workers.push_back(context->spawn_blocking(read_worker, context, name + "." + std::to_string(i)));
    self->link_to(self->state.workers.back());
  }
  return {
    [self](const read_region& m) -> caf::delegated<region_bytes> {
      auto& state = self->state;
      self->delegate(state.workers[state.next++ % state.workers.size()], m);
      return {};
    },
  };
}

}  // namespace

caf::actor spawn_reader(node_context& context, std::string name) {
  return context.spawn(reader, &context, std::move(name));
}

}  // namespace troupe
