#pragma once

#include "runtime/group/cluster_facts.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace troupe::group::test {

/// A cluster that has these topics: how many partitions each has, by name. Ids are the
/// names' letters.
class known_topics : public cluster_facts {
 public:
  explicit known_topics(std::map<std::string, std::int32_t> partitions) : partitions_(std::move(partitions)) {}

  static topic_id id_of(std::string_view name) {
    topic_id out;
    for (std::size_t i = 0; i < std::min(name.size(), out.bytes.size()); ++i)
      out.bytes[i] = static_cast<std::uint8_t>(name[i]);
    return out;
  }

  std::optional<topic_facts> find_topic(std::string_view name) const override {
    const auto found = partitions_.find(std::string{name});
    if (found == partitions_.end())
      return std::nullopt;
    return topic_facts{id_of(name), found->first, found->second};
  }
  std::optional<topic_facts> find_topic(const topic_id& id) const override {
    for (const auto& [name, count] : partitions_)
      if (id_of(name) == id)
        return topic_facts{id, name, count};
    return std::nullopt;
  }
  void for_each_topic(const std::function<void(const std::string&)>& use) const override {
    for (const auto& [name, count] : partitions_)
      use(name);
  }
  group_settings settings_of(const std::string&) const override { return own; }

  /// "t:0+1": the topic's name as far as its id tells, and partitions.
  static std::string shown(const topic_id& id, const std::vector<std::int32_t>& numbers) {
    std::string out;
    for (const auto byte : id.bytes)
      if (byte != 0)
        out += static_cast<char>(byte);
    for (std::size_t i = 0; i < numbers.size(); ++i)
      out += (i == 0 ? ":" : "+") + std::to_string(numbers[i]);
    return out;
  }
  void set(const std::string& name, std::int32_t count) { partitions_[name] = count; }

  group_settings own;

 private:
  std::map<std::string, std::int32_t> partitions_;
};

}  // namespace troupe::group::test
