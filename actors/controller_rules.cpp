#include "actors/controller_rules.hpp"

#include "runtime/config/layers.hpp"

#include <charconv>

namespace troupe {

namespace {

metadata::replication_settings replication_of(const config::broker_config& settings, const metadata::image& on,
                                              const metadata::topic& of) {
  const config::layers layers{&of.configs, nullptr, on.cluster_config(), &settings};
  const auto text = [&layers](std::string_view key) {
    const auto found = config::topic_value(layers, key);
    return found ? found->text : std::string{};
  };
  metadata::replication_settings out;
  const auto minimum = text("min.insync.replicas");
  std::from_chars(minimum.data(), minimum.data() + minimum.size(), out.min_in_sync);
  out.unclean_election = text("unclean.leader.election.enable") == "true";
  out.synced = text("durability") == "fsync";
  return out;
}

}  // namespace

metadata::command_rules command_rules_of(const metadata::image& image, const config::rules& table,
                                         const config::broker_config& settings, node_id self) {
  const config::layers layers{nullptr, image.broker_config(self), image.cluster_config(), &settings};
  return {table, static_cast<std::int32_t>(config::broker_integer(layers, "num.partitions")),
          static_cast<std::int16_t>(config::broker_integer(layers, "default.replication.factor")),
          config::broker_flag(layers, "delete.topic.enable"),
          [&settings](const metadata::image& on, const metadata::topic& of) {
            return replication_of(settings, on, of);
          }};
}

}  // namespace troupe
