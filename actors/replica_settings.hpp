#pragma once

#include "actors/partition.hpp"
#include "runtime/config/layers.hpp"

#include <memory>

namespace troupe::metadata {
class image;
struct topic;
}

namespace troupe {

/// What the settings in the newest metadata mean for the replicas of this node. A part of the state of `replicas`.
class replica_settings {
 public:
  explicit replica_settings(node_context& context) : context_(&context) {}

  /// Settings of nodes may have changed.
  void take(std::shared_ptr<const metadata::image> newest);
  /// What holds for the replica of one partition.
  partition_settings of(const metadata::topic& topic, partition_index index) const;
  const std::shared_ptr<replication::throttles>& throttles() const { return throttles_; }

 private:
  config::layers layers(const metadata::topic* topic) const;

  node_context* context_;
  std::shared_ptr<const metadata::image> image_;
  std::shared_ptr<replication::throttles> throttles_ = std::make_shared<replication::throttles>();
};

}  // namespace troupe
