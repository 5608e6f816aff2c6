#include "runtime/node/cluster_view.hpp"

#include <utility>

namespace troupe {

route routes::find(const partition_id& id) const {
  const auto topic = of_topic(id.topic);
  const auto index = static_cast<std::size_t>(id.index.value);
  return topic && id.index.value >= 0 && index < topic->size() ? (*topic)[index] : route{};
}

caf::actor routes::leader_of(const partition_id& id) const {
  auto found = find(id);
  return found.leads ? std::move(found.replica) : caf::actor{};
}

std::shared_ptr<const routes::topic_routes> routes::of_topic(const topic_id& id) const {
  const auto& shard = shards_[shard_of(id)];
  if (!shard)
    return nullptr;
  const auto found = shard->find(id);
  return found == shard->end() ? nullptr : found->second;
}

routes routes::with(const topic_id& id, std::shared_ptr<const topic_routes> changed) const {
  auto next = *this;
  auto& slot = next.shards_[shard_of(id)];
  auto copy = slot ? std::make_shared<shard>(*slot) : std::make_shared<shard>();
  if (changed)
    (*copy)[id] = std::move(changed);
  else
    copy->erase(id);
  slot = std::move(copy);
  return next;
}

}  // namespace troupe
