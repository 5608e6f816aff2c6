#pragma once

#include "runtime/base/ids.hpp"

#include <caf/actor.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <unordered_map>
#include <vector>

namespace troupe::metadata {
class image;
}

namespace troupe {

/// This node's replica of a partition.
struct route {
  caf::actor replica;  ///< an invalid handle where this node has none
  bool leads = false;
};

/// Which actor answers for each partition, as seen from this node. Immutable; changing one topic shares everything
/// else.
class routes {
 public:
  using topic_routes = std::vector<route>;  ///< by partition index

  /// The replica of `id`; one without an actor when there is none here.
  route find(const partition_id& id) const;
  /// The actor that leads `id`; an invalid handle when this node does not lead it.
  caf::actor leader_of(const partition_id& id) const;
  std::shared_ptr<const topic_routes> of_topic(const topic_id& id) const;

  /// This with the routes of one topic replaced; null removes it.
  routes with(const topic_id& id, std::shared_ptr<const topic_routes> changed) const;

 private:
  using shard = std::unordered_map<topic_id, std::shared_ptr<const topic_routes>>;
  static std::size_t shard_of(const topic_id& id) { return id.bytes[0] & 63; }
  std::array<std::shared_ptr<const shard>, 64> shards_;
};

/// What a session works with: the metadata image and the actors that go with it, published together.
struct cluster_view {
  std::shared_ptr<const metadata::image> image;
  routes replicas;
};

/// Where the newest view is found. Written by the actor `replicas`, read by any thread without waiting for it.
class published_view {
 public:
  std::shared_ptr<const cluster_view> get() const { return current_.load(std::memory_order_acquire); }
  void set(std::shared_ptr<const cluster_view> next) { current_.store(std::move(next), std::memory_order_release); }

 private:
  std::atomic<std::shared_ptr<const cluster_view>> current_;
};

}  // namespace troupe
