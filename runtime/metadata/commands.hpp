#pragma once

#include "runtime/base/error.hpp"
#include "runtime/metadata/config_rules.hpp"
#include "runtime/metadata/errors.hpp"
#include "runtime/metadata/image.hpp"
#include "runtime/metadata/records.hpp"
#include "runtime/metadata/replication_rules.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Commands: pure functions from the image and a wish to the records that fulfil it, or to an error that says why not.
/// Nothing is changed here; who commits the records applies them. Several commands of one request are judged one after
/// the other, each against `foresee` of the ones before (`change_set`).
namespace troupe::metadata {

/// What commands are judged by besides the image.
struct command_rules {
  const config_rules& configs;
  std::int32_t default_partitions = 1;         ///< `num.partitions`
  std::int16_t default_replication_factor = 1; ///< `default.replication.factor`
  bool topic_deletion_enabled = true;          ///< `delete.topic.enable`

  /// The effective settings of a topic of that image. Pure.
  std::function<replication_settings(const image&, const topic&)> replication = [](const image&, const topic&) {
    return replication_settings{};
  };
};

/// The nodes of one partition, given by hand.
struct manual_assignment {
  partition_index index;
  std::vector<node_id> replicas;
};

/// One wish of CreateTopics.
struct create_topic_command {
  std::string name;
  std::int32_t partitions = -1;          ///< -1: the default, or as many as assignments
  std::int16_t replication_factor = -1;  ///< -1: the default, or as the assignments say
  std::vector<manual_assignment> assignments;
  std::vector<std::pair<std::string, std::optional<std::string>>> configs;
  topic_id id;                ///< new and random, drawn by the caller
  std::uint32_t start = 0;    ///< where placement begins, drawn by the caller
};

/// What came of it. For validate-only requests the caller drops the records.
struct created_topic {
  topic_id id;
  std::int32_t partitions = 0;
  std::int16_t replication_factor = 0;
  config_map configs;
  metadata::records records;
};

/// Errors: invalid_topic_name, topic_authorization_failed, topic_already_exists, invalid_partitions,
/// invalid_replication_factor, invalid_replica_assignment, invalid_config, invalid_request, policy_violation.
expected<created_topic> create_topic(const image& on, const command_rules& rules, const create_topic_command& wish);

/// No error when a topic may have that name (KIP-less old rules: 249 letters, digits, '.', '_', '-'; not "." or "..").
error check_topic_name(std::string_view name);

/// Errors: unknown_topic, topic_deletion_disabled.
expected<records> delete_topic(const image& on, const command_rules& rules, std::string_view name);
/// Errors: unknown_topic_id, topic_deletion_disabled.
expected<records> delete_topic(const image& on, const command_rules& rules, const topic_id& id);

/// One wish of CreatePartitions.
struct create_partitions_command {
  std::string topic;
  std::int32_t count = 0;  ///< the new total
  std::optional<std::vector<std::vector<node_id>>> assignments;  ///< for the new partitions, in order
  std::uint32_t start = 0;  ///< where placement begins, drawn by the caller
};

/// Errors: unknown_topic, invalid_partitions, invalid_replication_factor, invalid_replica_assignment, policy_violation.
expected<records> create_partitions(const image& on, const create_partitions_command& wish);

/// A resource as clients name it: the name of the topic or group, the node's id in digits, or "" for the default of all
/// nodes.
struct config_resource {
  config_resource_type type = config_resource_type::topic;
  std::string name;
};

/// The resource for Kafka's type number (2 topic, 4 broker, 32 group) and name. Error: invalid_request for other types
/// and for a broker name that is no number.
expected<config_resource> config_resource_of(std::int8_t kafka_type, std::string_view name);

/// Replaces all settings of a resource (AlterConfigs). A group need not exist. Errors: unknown_topic,
/// broker_id_not_registered, invalid_config, invalid_request (a key twice, a group without a name), policy_violation.
expected<records> alter_configs(const image& on, const command_rules& rules, const config_resource& of,
                                const std::vector<std::pair<std::string, std::optional<std::string>>>& wanted);

/// What IncrementalAlterConfigs does to one setting; the numbers are Kafka's.
enum class config_operation : std::int8_t { set = 0, remove = 1, append = 2, subtract = 3 };

/// One change of IncrementalAlterConfigs.
struct config_change {
  std::string key;
  config_operation operation = config_operation::set;
  std::optional<std::string> value;  ///< not used by `remove`
};

/// Changes single settings of a resource (KIP-339). Errors as `alter_configs`; APPEND and SUBTRACT on a setting that is
/// not a list are `invalid_config`.
expected<records> change_configs(const image& on, const command_rules& rules, const config_resource& of,
                                 const std::vector<config_change>& changes);

/// A broker that wants to take part.
struct register_broker_command {
  node_id id;
  topic_id incarnation;  ///< drawn at each start of the process
  std::vector<broker_endpoint> endpoints;
  std::optional<std::string> rack;
  topic_id directory;    ///< of its first log directory
  std::int64_t clean_epoch = -1;  ///< the registration whose process left the mark of a clean stop; -1: there is none
  bool previous_alive = false;    ///< another process with this id was heard of lately
  bool fenced = true;    ///< until it has caught up; a quorum of one begins unfenced and keeps what it leads
};

/// What came of it.
struct registered_broker {
  std::int64_t epoch = -1;  ///< goes with every later request of that broker
  metadata::records records;  ///< none when this incarnation is registered already, with the same content
};

/// Registers a broker. A new incarnation gets a new epoch and begins fenced, so that it is in no ISR. It stays in the
/// ELR only where it has all that was acknowledged: nowhere with another directory than before, and after a stop that
/// was not clean only in topics whose `durability` is `fsync` (KIP-966). The same incarnation amends its endpoints and
/// its rack. Errors: duplicate_broker_registration, invalid_request, invalid_registration, policy_violation.
expected<registered_broker> register_broker(const image& on, const command_rules& rules,
                                            const register_broker_command& wish);

/// No error when the broker is registered with that epoch; a negative epoch is not compared. Errors:
/// broker_id_not_registered, stale_broker_epoch.
error check_broker_epoch(const image& on, node_id id, std::int64_t epoch);

/// A block of producer ids.
struct producer_ids {
  producer_id first{0};
  std::int32_t count = 0;
  metadata::records records;
};

/// Grants `bounds::producer_id_block` ids that nobody had before. Errors: broker_id_not_registered, stale_broker_epoch
/// (a negative epoch is not compared), producer_ids_exhausted.
expected<producer_ids> grant_producer_ids(const image& on, node_id to, std::int64_t broker_epoch);

}  // namespace troupe::metadata
