#include "runtime/metadata/image.hpp"

#include <algorithm>

namespace troupe::metadata {

namespace {

bool same_metric_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    return (x == '_' ? '.' : x) == (y == '_' ? '.' : y);
  });
}

}  // namespace

const broker_endpoint* broker::find(std::string_view listener) const {
  for (const auto& e : endpoints)
    if (e.listener == listener)
      return &e;
  return nullptr;
}

const partition* image::find_partition(const partition_id& id) const {
  const auto owner = find_topic(id.topic);
  return owner ? owner->find(id.index) : nullptr;  // the image keeps the topic alive
}

std::shared_ptr<const broker> image::find_broker(node_id id) const {
  const auto found = brokers_->find(id);
  return found == brokers_->end() ? nullptr : found->second;
}

const config_map* image::broker_config(node_id id) const {
  const auto found = broker_configs_->find(id);
  return found == broker_configs_->end() ? nullptr : &found->second;
}

const config_map* image::group_config(std::string_view group) const {
  const auto found = group_configs_.find(group);
  return found ? &found->configs : nullptr;  // the image keeps it alive
}

std::int16_t image::feature(std::string_view name) const {
  const auto found = features_->find(name);
  return found == features_->end() ? std::int16_t{0} : found->second;
}

std::string image::colliding_topic(std::string_view name) const {
  // Both names are the same up to the first '.' or '_', so that only two stretches of the order have to be looked at.
  const auto first = name.find_first_of("._");
  if (first == std::string_view::npos)
    return {};
  for (const char separator : {'.', '_'}) {
    auto stretch = std::string{name.substr(0, first)} + separator;
    for (auto at = by_name_.from(stretch); at != by_name_.end() && (*at)->name.starts_with(stretch); ++at)
      if ((*at)->name != name && same_metric_name((*at)->name, name))
        return (*at)->name;
  }
  return {};
}

std::shared_ptr<const std::map<node_id, std::shared_ptr<const broker>>> image::no_brokers() {
  static const auto none = std::make_shared<const std::map<node_id, std::shared_ptr<const broker>>>();
  return none;
}

std::shared_ptr<const std::map<node_id, config_map>> image::no_broker_configs() {
  static const auto none = std::make_shared<const std::map<node_id, config_map>>();
  return none;
}

std::shared_ptr<const config_map> image::no_configs() {
  static const auto none = std::make_shared<const config_map>();
  return none;
}

std::shared_ptr<const std::vector<voter>> image::no_voters() {
  static const auto none = std::make_shared<const std::vector<voter>>();
  return none;
}

std::shared_ptr<const std::map<std::string, std::int16_t, std::less<>>> image::no_features() {
  static const auto none = std::make_shared<const std::map<std::string, std::int16_t, std::less<>>>();
  return none;
}

bool can_lead(const image& on, node_id id) {
  const auto found = on.brokers().find(id);
  return found != on.brokers().end() && !found->second->fenced && !found->second->shutting_down;
}

bool is_internal(std::string_view topic_name) {
  return topic_name == "__consumer_offsets" || topic_name == "__transaction_state"
         || topic_name == "__share_group_state";
}

}  // namespace troupe::metadata
