#include "actors/replica_settings.hpp"

#include "runtime/config/topic_options.hpp"
#include "runtime/metadata/image.hpp"
#include "runtime/node/context.hpp"

#include <string_view>
#include <utility>

namespace troupe {

config::layers replica_settings::layers(const metadata::topic* topic) const {
  return {topic ? &topic->configs : nullptr, image_->broker_config(context_->self), image_->cluster_config(),
          &context_->settings};
}

void replica_settings::take(std::shared_ptr<const metadata::image> newest) {
  image_ = std::move(newest);
  const auto rate = [this](std::string_view key) { return config::broker_integer(layers(nullptr), key); };
  throttles_->leaders.set_rate(rate("leader.replication.throttled.rate"));
  throttles_->followers.set_rate(rate("follower.replication.throttled.rate"));
  throttles_->directories.set_rate(rate("replica.alter.log.dirs.io.max.bytes.per.second"));
  const auto moves = rate("reassignment.throttled.rate");
  throttles_->moves_out.set_rate(moves);
  throttles_->moves_in.set_rate(moves);
}

partition_settings replica_settings::of(const metadata::topic& topic, partition_index index) const {
  const auto from = layers(&topic);
  return {config::topic_options(from),
          {config::names_replica(from, "leader.replication.throttled.replicas", index, context_->self),
           config::names_replica(from, "follower.replication.throttled.replicas", index, context_->self)}};
}

}  // namespace troupe
