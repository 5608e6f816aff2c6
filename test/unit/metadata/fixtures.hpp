#pragma once

#include "runtime/metadata/apply.hpp"
#include "runtime/metadata/commands.hpp"
#include "runtime/metadata/record_builders.hpp"
#include "runtime/wire/text.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <memory>
#include <string>

namespace troupe::metadata::test {

using image_ptr = std::shared_ptr<const image>;

/// A topic id that tests can predict.
inline topic_id id_of(std::uint8_t n) {
  topic_id id;
  id.bytes[0] = static_cast<std::uint8_t>(n * 37);  // not in the order of n
  id.bytes[15] = n;
  return id;
}

inline topic_id id_of_number(std::uint32_t n) {
  topic_id id;
  const auto mixed = n * 2654435761u;
  for (int i = 0; i < 4; ++i) {
    id.bytes[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(mixed >> (8 * i));
    id.bytes[static_cast<std::size_t>(8 + i)] = static_cast<std::uint8_t>(n >> (8 * i));
  }
  id.bytes[15] = 1;
  return id;
}

/// `apply` at the next index, which must work.
inline image_ptr applied(image_ptr onto, records all, std::int64_t term = 1) {
  const entry next{{onto->applied_index() + 1, term}, std::move(all)};
  auto after = apply(std::move(onto), next);
  BOOST_REQUIRE_MESSAGE(after, (after ? std::string{} : render(after.error())));
  return *after;
}

inline image_ptr empty_image() {
  return std::make_shared<const image>();
}

/// Everything in an image, one record a line.
inline std::string text_of(const image& all) {
  std::string out;
  for (const auto& r : dump(all))
    out += to_text(r) + "\n";
  return out;
}

inline broker broker_of(std::int32_t id, const char* rack = nullptr, bool fenced = false) {
  broker b;
  b.id = node_id{id};
  b.incarnation = id_of(static_cast<std::uint8_t>(100 + id));
  b.epoch = 1;
  b.endpoints = {{"PLAINTEXT", "host" + std::to_string(id), 9092, "PLAINTEXT"}};
  if (rack)
    b.rack = rack;
  b.fenced = fenced;
  b.directory = id_of(static_cast<std::uint8_t>(200 + id));
  return b;
}

inline partition partition_on(std::vector<node_id> replicas) {
  partition p;
  p.in_sync = replicas;
  p.leader = replicas.front();
  p.replicas = std::move(replicas);
  return p;
}

/// A topic with that many partitions on node 1.
inline records topic_records(const topic_id& id, const std::string& name, std::int32_t partitions = 1) {
  records out{topic_record(id, name)};
  for (std::int32_t i = 0; i < partitions; ++i)
    out.push_back(partition_record(id, partition_index{i}, partition_on({node_id{1}})));
  return out;
}

/// A table of settings for tests: `retention.ms` takes digits, `cleanup.policy` is a list of delete and compact, `min`
/// must not be above `max`, and the settings of `replication_from_configs` take anything.
class test_rules final : public config_rules {
 public:
  error check(config_resource_type type, std::string_view key, std::string_view value) const override {
    if (key == "min.insync.replicas" || key == "unclean.leader.election.enable" || key == "durability")
      return {};
    if (key == "cleanup.policy") {
      for (const auto* bad : {"shred", "burn"})
        if (value.find(bad) != std::string_view::npos)
          return make_error(errc::invalid_config, "cleanup.policy: no such policy");
      return {};
    }
    const bool numeric = key == "retention.ms" || key == "min" || key == "max";
    if (!numeric || (type != config_resource_type::topic && key == "retention.ms"))
      return make_error(errc::invalid_config, "unknown setting " + std::string{key});
    if (value.empty() || value.find_first_not_of("0123456789") != std::string_view::npos)
      return make_error(errc::invalid_config, std::string{key} + ": not a number");
    return {};
  }
  error check_together(config_resource_type, const config_map& overrides) const override {
    const auto low = overrides.find("min");
    const auto high = overrides.find("max");
    if (low != overrides.end() && high != overrides.end() && std::stoi(low->second) > std::stoi(high->second))
      return make_error(errc::invalid_config, "min is above max");
    return {};
  }
  bool is_list(config_resource_type, std::string_view key) const override { return key == "cleanup.policy"; }
  std::optional<std::string> default_value(config_resource_type, std::string_view key) const override {
    return key == "cleanup.policy" ? std::optional<std::string>{"delete"} : std::nullopt;
  }
};

/// Effective settings of a topic when there are no layers but the topic's own and the cluster's.
inline replication_settings replication_from_configs(const image& on, const topic& t) {
  const auto value = [&](const char* key, const char* otherwise) -> std::string {
    if (const auto own = t.configs.find(key); own != t.configs.end())
      return own->second;
    const auto all = on.cluster_config()->find(key);
    return all == on.cluster_config()->end() ? otherwise : all->second;
  };
  return {std::stoi(value("min.insync.replicas", "1")), value("unclean.leader.election.enable", "false") == "true",
          value("durability", "fsync") == "fsync"};
}

}  // namespace troupe::metadata::test
