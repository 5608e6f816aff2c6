#include "runtime/kafka/table.hpp"

#include "schema/kafka/add_offsets_to_txn.hpp"
#include "schema/kafka/add_partitions_to_txn.hpp"
#include "schema/kafka/add_raft_voter.hpp"
#include "schema/kafka/alter_configs.hpp"
#include "schema/kafka/alter_partition_reassignments.hpp"
#include "schema/kafka/alter_replica_log_dirs.hpp"
#include "schema/kafka/api_versions.hpp"
#include "schema/kafka/consumer_group_describe.hpp"
#include "schema/kafka/consumer_group_heartbeat.hpp"
#include "schema/kafka/create_partitions.hpp"
#include "schema/kafka/create_topics.hpp"
#include "schema/kafka/delete_groups.hpp"
#include "schema/kafka/delete_records.hpp"
#include "schema/kafka/delete_topics.hpp"
#include "schema/kafka/describe_cluster.hpp"
#include "schema/kafka/describe_configs.hpp"
#include "schema/kafka/describe_groups.hpp"
#include "schema/kafka/describe_log_dirs.hpp"
#include "schema/kafka/describe_producers.hpp"
#include "schema/kafka/describe_quorum.hpp"
#include "schema/kafka/describe_topic_partitions.hpp"
#include "schema/kafka/describe_transactions.hpp"
#include "schema/kafka/elect_leaders.hpp"
#include "schema/kafka/end_txn.hpp"
#include "schema/kafka/fetch.hpp"
#include "schema/kafka/find_coordinator.hpp"
#include "schema/kafka/heartbeat.hpp"
#include "schema/kafka/incremental_alter_configs.hpp"
#include "schema/kafka/init_producer_id.hpp"
#include "schema/kafka/join_group.hpp"
#include "schema/kafka/leave_group.hpp"
#include "schema/kafka/list_config_resources.hpp"
#include "schema/kafka/list_groups.hpp"
#include "schema/kafka/list_offsets.hpp"
#include "schema/kafka/list_partition_reassignments.hpp"
#include "schema/kafka/list_transactions.hpp"
#include "schema/kafka/metadata.hpp"
#include "schema/kafka/offset_commit.hpp"
#include "schema/kafka/offset_delete.hpp"
#include "schema/kafka/offset_fetch.hpp"
#include "schema/kafka/offset_for_leader_epoch.hpp"
#include "schema/kafka/produce.hpp"
#include "schema/kafka/remove_raft_voter.hpp"
#include "schema/kafka/sync_group.hpp"
#include "schema/kafka/txn_offset_commit.hpp"
#include "schema/kafka/unregister_broker.hpp"
#include "schema/kafka/update_features.hpp"
#include "schema/kafka/write_txn_markers.hpp"

namespace troupe::kafka {

namespace {

using r = resource;
using o = operation;
using d = demand;

enum class effect : bool { none, changes_metadata };

template <class Request>
consteval api serve(rights_rule rights, effect does = effect::none) {
  return {Request::api_key,     Request::api_name,      Request::min_version, Request::max_stable_version,
          Request::min_version, Request::flexible_from, rights,               does == effect::changes_metadata};
}

constexpr rights_rule makes_topics{{r::cluster, o::create}, {r::topic, o::create, d::or_instead}};
constexpr rights_rule member_of_group{{r::group, o::read}};

/// librdkafka takes a broker without Produce 0 for one that knows no record batches (KAFKA-18659).
consteval api advertised_from_0(api row) {
  row.advertised_min = 0;
  return row;
}

constexpr std::array table{
  advertised_from_0(
    serve<produce_request>({{r::topic, o::write}, {r::transactional_id, o::write, d::if_transactional}})),
  serve<fetch_request>({{r::topic, o::read, d::if_consumer}, {r::cluster, o::cluster_action, d::if_follower}}),
  serve<list_offsets_request>({{r::topic, o::describe}}),
  serve<metadata_request>({{r::topic, o::describe}, {r::cluster, o::create, d::if_creating},
                           {r::topic, o::create, d::or_instead}}),
  serve<offset_commit_request>({{r::group, o::read}, {r::topic, o::read}}),
  serve<offset_fetch_request>({{r::group, o::describe}, {r::topic, o::describe}}),
  serve<find_coordinator_request>({{r::group, o::describe, d::if_named},
                                   {r::transactional_id, o::describe, d::if_named}}),
  serve<join_group_request>(member_of_group),
  serve<heartbeat_request>(member_of_group),
  serve<leave_group_request>(member_of_group),
  serve<sync_group_request>(member_of_group),
  serve<describe_groups_request>({{r::group, o::describe}}),
  serve<list_groups_request>({{r::cluster, o::describe}, {r::group, o::describe, d::or_instead}}),
  serve<api_versions_request>(rights_rule::open_to_all()),
  serve<create_topics_request>(makes_topics, effect::changes_metadata),
  serve<delete_topics_request>({{r::topic, o::remove}}, effect::changes_metadata),
  serve<delete_records_request>({{r::topic, o::remove}}),
  serve<init_producer_id_request>({{r::transactional_id, o::write, d::if_transactional},
                                   {r::cluster, o::idempotent_write, d::unless_transactional},
                                   {r::topic, o::write, d::or_instead}}),
  serve<offset_for_leader_epoch_request>({{r::topic, o::describe}, {r::cluster, o::cluster_action, d::or_instead}}),
  serve<add_partitions_to_txn_request>({{r::transactional_id, o::write}, {r::topic, o::write}}),
  serve<add_offsets_to_txn_request>({{r::transactional_id, o::write}, {r::group, o::read}}),
  serve<end_txn_request>({{r::transactional_id, o::write}}),
  serve<write_txn_markers_request>({{r::cluster, o::alter}, {r::cluster, o::cluster_action, d::or_instead}}),
  serve<txn_offset_commit_request>({{r::transactional_id, o::write}, {r::group, o::read}, {r::topic, o::read}}),
  serve<describe_configs_request>({{r::topic, o::describe_configs, d::if_named},
                                   {r::group, o::describe_configs, d::if_named},
                                   {r::cluster, o::describe_configs, d::if_named}}),
  serve<alter_configs_request>({{r::topic, o::alter_configs, d::if_named}, {r::group, o::alter_configs, d::if_named},
                                {r::cluster, o::alter_configs, d::if_named}}, effect::changes_metadata),
  serve<alter_replica_log_dirs_request>({{r::cluster, o::alter}}),
  serve<describe_log_dirs_request>({{r::cluster, o::describe}}),
  serve<create_partitions_request>({{r::topic, o::alter}}, effect::changes_metadata),
  serve<delete_groups_request>({{r::group, o::remove}}),
  serve<elect_leaders_request>({{r::cluster, o::alter}}, effect::changes_metadata),
  serve<incremental_alter_configs_request>({{r::topic, o::alter_configs, d::if_named},
                                            {r::group, o::alter_configs, d::if_named},
                                            {r::cluster, o::alter_configs, d::if_named}}, effect::changes_metadata),
  serve<alter_partition_reassignments_request>({{r::cluster, o::alter}}, effect::changes_metadata),
  serve<list_partition_reassignments_request>({{r::cluster, o::describe}}),
  serve<offset_delete_request>({{r::group, o::remove}, {r::topic, o::read}}),
  serve<describe_quorum_request>({{r::cluster, o::describe}}),
  serve<update_features_request>({{r::cluster, o::alter}}, effect::changes_metadata),
  serve<describe_cluster_request>({{r::cluster, o::describe}}),
  serve<describe_producers_request>({{r::topic, o::read}}),
  serve<unregister_broker_request>({{r::cluster, o::alter}}, effect::changes_metadata),
  serve<describe_transactions_request>({{r::transactional_id, o::describe}}),
  serve<list_transactions_request>({{r::transactional_id, o::describe}}),
  serve<consumer_group_heartbeat_request>({{r::group, o::read}, {r::topic, o::describe}}),
  serve<consumer_group_describe_request>({{r::group, o::describe}, {r::topic, o::describe}}),
  serve<list_config_resources_request>({{r::cluster, o::describe_configs}}),
  serve<describe_topic_partitions_request>({{r::topic, o::describe}}),
  serve<add_raft_voter_request>({{r::cluster, o::alter}}, effect::changes_metadata),
  serve<remove_raft_voter_request>({{r::cluster, o::alter}}, effect::changes_metadata),
};

constexpr std::size_t keys_max = 128;
constexpr std::uint8_t not_served = 0xff;

/// Where the row of each key stands. Two rows of one key, or rows out of order, do not compile.
consteval std::array<std::uint8_t, keys_max> index_table() {
  std::array<std::uint8_t, keys_max> index;
  index.fill(not_served);
  std::int16_t last = -1;
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (table[i].key <= last)
      throw "rows stand by ascending key";
    last = table[i].key;
    index[static_cast<std::size_t>(last)] = static_cast<std::uint8_t>(i);
  }
  return index;
}

constexpr auto index = index_table();

}  // namespace

std::span<const api> served_apis() {
  return table;
}

const api* find_api(std::int16_t key) {
  if (key < 0 || key >= static_cast<std::int16_t>(keys_max))
    return nullptr;
  const auto at = index[static_cast<std::size_t>(key)];
  return at == not_served ? nullptr : &table[at];
}

}  // namespace troupe::kafka
