#include "actors/group_options.hpp"

#include "runtime/config/layers.hpp"

#include <algorithm>
#include <chrono>

namespace troupe {

namespace {

class image_facts : public group::cluster_facts {
 public:
  image_facts(std::shared_ptr<const metadata::image> image, const config::broker_config& settings)
    : image_(std::move(image)), settings_(settings) {}

  std::optional<group::topic_facts> find_topic(std::string_view name) const override {
    return facts(image_->find_topic(name));
  }
  std::optional<group::topic_facts> find_topic(const topic_id& id) const override {
    return facts(image_->find_topic(id));
  }
  void for_each_topic(const std::function<void(const std::string&)>& use) const override {
    for (const auto& topic : image_->topics_by_name())
      use(topic->name);
  }
  group::group_settings settings_of(const std::string& group) const override {
    const auto* own = image_->group_config(group);
    if (!own)
      return {};
    config::layers from{nullptr, nullptr, nullptr, &settings_};
    from.group = own;
    const auto given = [&](std::string_view key) -> std::optional<std::chrono::milliseconds> {
      if (!own->contains(key))
        return std::nullopt;
      return std::chrono::milliseconds{config::group_integer(from, key)};
    };
    return {given("consumer.session.timeout.ms"), given("consumer.heartbeat.interval.ms"),
            given("consumer.assignment.interval.ms")};
  }

 private:
  static std::optional<group::topic_facts> facts(const std::shared_ptr<const metadata::topic>& topic) {
    if (!topic)
      return std::nullopt;
    return group::topic_facts{topic->id, topic->name, static_cast<std::int32_t>(topic->partition_count())};
  }

  std::shared_ptr<const metadata::image> image_;
  const config::broker_config& settings_;
};

bool same_word(std::string_view a, std::string_view lower) {
  return std::ranges::equal(a, lower, {}, [](unsigned char c) { return std::tolower(c); });
}

}  // namespace

group::options group_options(const config::broker_config& settings) {
  group::options out;
  out.session_timeout_min = settings.duration("group.min.session.timeout.ms");
  out.session_timeout_max = settings.duration("group.max.session.timeout.ms");
  out.initial_rebalance_delay = settings.duration("group.initial.rebalance.delay.ms");
  out.members_max = static_cast<std::size_t>(settings.integer("group.max.size"));
  out.offset_metadata_max = static_cast<std::size_t>(settings.integer("offset.metadata.max.bytes"));
  out.offsets_retention = std::chrono::minutes{settings.integer("offsets.retention.minutes")};
  out.offsets_check_interval = settings.duration("offsets.retention.check.interval.ms");
  out.consumer_session_timeout = settings.duration("group.consumer.session.timeout.ms");
  out.consumer_heartbeat_interval = settings.duration("group.consumer.heartbeat.interval.ms");
  out.consumers_max = static_cast<std::size_t>(settings.integer("group.consumer.max.size"));
  out.assignment_interval = settings.duration("group.consumer.assignment.interval.ms");
  const auto migration = settings.text("group.consumer.migration.policy").value_or("");
  const bool both = same_word(migration, "bidirectional");
  out.upgrades = both || same_word(migration, "upgrade");
  out.downgrades = both || same_word(migration, "downgrade");
  const auto protocols = settings.list("group.coordinator.rebalance.protocols");
  out.consumer_groups = std::ranges::find(protocols, "consumer") != protocols.end();
  return out;
}

std::shared_ptr<const group::cluster_facts> facts_of(std::shared_ptr<const metadata::image> image,
                                                     const config::broker_config& settings) {
  return std::make_shared<image_facts>(std::move(image), settings);
}

}  // namespace troupe
