#pragma once

#include "runtime/base/ids.hpp"
#include "runtime/metadata/config_map.hpp"
#include "runtime/metadata/partition_list.hpp"
#include "runtime/metadata/records.hpp"
#include "runtime/metadata/sorted_set.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::metadata {

/// One topic with its partitions and its own settings.
struct topic {
  topic_id id;
  std::string name;
  partition_list partitions;  ///< by index
  config_map configs;

  /// Null when there is no such partition.
  const partition* find(partition_index index) const {
    const auto i = static_cast<std::size_t>(index.value);
    return index.value >= 0 && i < partitions.size() ? &partitions[i] : nullptr;
  }
  std::int32_t partition_count() const { return static_cast<std::int32_t>(partitions.size()); }
};

/// The settings of one consumer group, which need not exist.
struct group_overrides {
  std::string group;
  config_map configs;  ///< never empty
};

/// One address of a broker.
struct broker_endpoint {
  std::string listener;
  std::string host;
  std::uint16_t port = 0;
  std::string protocol;  ///< PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL
};

/// One registered broker.
struct broker {
  node_id id;
  topic_id incarnation;     ///< drawn at each start of the process
  std::int64_t epoch = -1;  ///< of its registration
  std::vector<broker_endpoint> endpoints;
  std::optional<std::string> rack;
  bool fenced = true;          ///< leads nothing and is in no ISR
  bool shutting_down = false;  ///< leads nothing new
  topic_id directory;          ///< of its first log directory, to tell a wiped disk; zero: unknown
  bool clean_stop = false;     ///< the process before came to a clean stop

  /// The address for a listener of that name; null when it has none.
  const broker_endpoint* find(std::string_view listener) const;
};

/// One voter of the quorum that owns the metadata log.
struct voter {
  node_id id;
  topic_id directory;  ///< of its metadata log
  std::string host;
  std::uint16_t port = 0;

  bool operator==(const voter&) const = default;
};

/// The cluster's metadata as of one index of its log: immutable, shared by all who look at it, from any thread. A
/// changed image shares with its predecessor all that did not change. Pointers and references live as long as the
/// image.
class image {
 public:
  struct name_of {
    std::string_view operator()(const topic& t) const { return t.name; }
  };
  struct id_of {
    const topic_id& operator()(const topic& t) const { return t.id; }
  };
  using name_order = sorted_set<topic, name_of>;
  using id_order = sorted_set<topic, id_of>;
  struct group_of {
    std::string_view operator()(const group_overrides& g) const { return g.group; }
  };
  using group_order = sorted_set<group_overrides, group_of>;

  /// Last entry that is part of this image.
  entry_id applied() const { return applied_; }
  std::int64_t applied_index() const { return applied_.index; }

  /// Null when there is no such topic.
  std::shared_ptr<const topic> find_topic(std::string_view name) const { return by_name_.find(name); }
  std::shared_ptr<const topic> find_topic(const topic_id& id) const { return by_id_.find(id); }
  /// Null when there is no such partition.
  const partition* find_partition(const partition_id& id) const;

  /// All topics (`std::shared_ptr<const topic>`) in the order of their names, bytewise; `.from(name)` starts at a name,
  /// for paging.
  const name_order& topics_by_name() const { return by_name_; }
  /// All topics in the order of their ids.
  const id_order& topics_by_id() const { return by_id_; }
  std::size_t topic_count() const { return by_name_.size(); }
  std::int64_t partition_count() const { return partition_count_; }

  /// Registered brokers by id.
  const std::map<node_id, std::shared_ptr<const broker>>& brokers() const { return *brokers_; }
  /// Null when it is not registered.
  std::shared_ptr<const broker> find_broker(node_id id) const;

  /// Settings changed while running for one node; null when there are none.
  const config_map* broker_config(node_id id) const;
  /// All nodes that have settings of their own.
  const std::map<node_id, config_map>& broker_configs() const { return *broker_configs_; }
  /// Settings changed while running for all nodes; never null.
  const config_map* cluster_config() const { return cluster_config_.get(); }

  /// Settings of a consumer group; null when it has none.
  const config_map* group_config(std::string_view group) const;
  /// All groups that have settings (`std::shared_ptr<const group_overrides>`), in the order of their names, bytewise.
  const group_order& group_configs() const { return group_configs_; }

  /// The voters of the metadata log by id; empty before the first set of them is written.
  const std::vector<voter>& voters() const { return *voters_; }

  /// Features finalized for the whole cluster, with their levels, which are not 0.
  const std::map<std::string, std::int16_t, std::less<>>& features() const { return *features_; }
  /// 0 when it is not finalized.
  std::int16_t feature(std::string_view name) const;

  /// All producer ids below are given out.
  std::int64_t next_producer_id() const { return next_producer_id_; }

  /// Name of an existing topic that would have the same metric names ('.' and '_' are the same there); empty when there
  /// is none.
  std::string colliding_topic(std::string_view name) const;

 private:
  friend class applier;

  entry_id applied_;
  name_order by_name_;
  id_order by_id_;
  std::int64_t partition_count_ = 0;
  std::shared_ptr<const std::map<node_id, std::shared_ptr<const broker>>> brokers_ = no_brokers();
  std::shared_ptr<const std::map<node_id, config_map>> broker_configs_ = no_broker_configs();
  std::shared_ptr<const config_map> cluster_config_ = no_configs();
  group_order group_configs_;
  std::shared_ptr<const std::vector<voter>> voters_ = no_voters();
  std::shared_ptr<const std::map<std::string, std::int16_t, std::less<>>> features_ = no_features();
  std::int64_t next_producer_id_ = 0;

  static std::shared_ptr<const std::map<node_id, std::shared_ptr<const broker>>> no_brokers();
  static std::shared_ptr<const std::map<node_id, config_map>> no_broker_configs();
  static std::shared_ptr<const config_map> no_configs();
  static std::shared_ptr<const std::vector<voter>> no_voters();
  static std::shared_ptr<const std::map<std::string, std::int16_t, std::less<>>> no_features();
};

/// True when a partition may be led by that node now, as far as the node is concerned: it is registered, not fenced and
/// not shutting down.
bool can_lead(const image& on, node_id id);

/// True for topics that clients see marked as internal: `__consumer_offsets`, `__transaction_state` and
/// `__share_group_state`.
bool is_internal(std::string_view topic_name);

}  // namespace troupe::metadata
