#include "actors/api/handler.hpp"
#include "actors/controller_refusal.hpp"
#include "runtime/kafka/table.hpp"
#include "runtime/log/errors.hpp"
#include "runtime/node/errors.hpp"

namespace troupe::api {

namespace {

struct row {
  std::int16_t key;
  handler answer;
};

constexpr row rows[] = {
  {0, produce},
  {1, fetch},
  {2, list_offsets},
  {3, metadata},
  {8, offset_commit},
  {9, offset_fetch},
  {10, find_coordinator},
  {11, join_group},
  {12, heartbeat},
  {13, leave_group},
  {14, sync_group},
  {15, describe_groups},
  {16, list_groups},
  {18, api_versions},
  {19, ask_controller},  // CreateTopics
  {20, ask_controller},  // DeleteTopics
  {21, delete_records},
  {22, init_producer_id},
  {23, offset_for_leader_epoch},
  {24, add_partitions_to_txn},
  {25, add_offsets_to_txn},
  {26, end_txn},
  {27, write_txn_markers},
  {28, txn_offset_commit},
  {32, describe_configs},
  {33, ask_controller},  // AlterConfigs
  {34, alter_replica_log_dirs},
  {35, describe_log_dirs},
  {37, ask_controller},  // CreatePartitions
  {42, delete_groups},
  {43, ask_controller},  // ElectLeaders
  {44, ask_controller},  // IncrementalAlterConfigs
  {45, ask_controller},  // AlterPartitionReassignments
  {46, ask_controller},  // ListPartitionReassignments
  {47, offset_delete},
  {55, ask_controller},  // DescribeQuorum
  {57, ask_controller},  // UpdateFeatures
  {60, describe_cluster},
  {61, describe_producers},
  {64, ask_controller},  // UnregisterBroker
  {65, describe_transactions},
  {66, list_transactions},
  {68, consumer_group_heartbeat},
  {69, consumer_group_describe},
  {74, list_config_resources},
  {75, describe_topic_partitions},
  {80, ask_controller},  // AddRaftVoter
  {81, ask_controller},  // RemoveRaftVoter
};

template <class Errc>
struct code_row {
  Errc ours;
  kafka::error_code theirs;
};

constexpr code_row<log::errc> log_codes[] = {
  {log::errc::corrupt_batch, kafka::error_code::corrupt_message},
  {log::errc::incomplete_batch, kafka::error_code::corrupt_message},
  {log::errc::unsupported_format, kafka::error_code::unsupported_for_message_format},
  {log::errc::unsupported_compression, kafka::error_code::unsupported_compression_type},
  {log::errc::batch_too_large, kafka::error_code::message_too_large},
  {log::errc::output_limit, kafka::error_code::invalid_record},
  {log::errc::invalid_record, kafka::error_code::invalid_record},
  {log::errc::invalid_timestamp, kafka::error_code::invalid_timestamp},
  {log::errc::offset_out_of_range, kafka::error_code::offset_out_of_range},
  {log::errc::out_of_order_sequence, kafka::error_code::out_of_order_sequence_number},
  {log::errc::duplicate_sequence, kafka::error_code::duplicate_sequence_number},
  {log::errc::invalid_producer_epoch, kafka::error_code::invalid_producer_epoch},
  {log::errc::unknown_producer, kafka::error_code::unknown_producer_id},
  {log::errc::invalid_transaction_state, kafka::error_code::invalid_txn_state},
  {log::errc::coordinator_fenced, kafka::error_code::transaction_coordinator_fenced},
};

constexpr code_row<node_errc> node_codes[] = {
  {node_errc::not_leader, kafka::error_code::not_leader_or_follower},
  {node_errc::fenced_leader_epoch, kafka::error_code::fenced_leader_epoch},
  {node_errc::unknown_leader_epoch, kafka::error_code::unknown_leader_epoch},
  {node_errc::not_enough_replicas, kafka::error_code::not_enough_replicas},
  {node_errc::not_enough_replicas_after_append, kafka::error_code::not_enough_replicas_after_append},
  {node_errc::request_timed_out, kafka::error_code::request_timed_out},
  {node_errc::queue_full, kafka::error_code::request_timed_out},
  {node_errc::shutting_down, kafka::error_code::not_leader_or_follower},
  {node_errc::unknown_partition, kafka::error_code::unknown_topic_or_partition},
  {node_errc::offset_not_available, kafka::error_code::offset_not_available},
  {node_errc::no_coordinator, kafka::error_code::coordinator_not_available},
  {node_errc::coordinator_loading, kafka::error_code::coordinator_load_in_progress},
  {node_errc::unknown_transaction, kafka::error_code::invalid_producer_id_mapping},
  {node_errc::concurrent_transactions, kafka::error_code::not_enough_replicas},  // producers come again
  {node_errc::not_in_transaction, kafka::error_code::transaction_abortable},
  {node_errc::transaction_unverified, kafka::error_code::not_enough_replicas},
};

template <class Errc, std::size_t Count>
const code_row<Errc>* find(const code_row<Errc> (&rows_of)[Count], const error& e, error_domain domain) {
  for (const auto& r : rows_of)
    if (is_error(e, domain, static_cast<std::uint8_t>(r.ours)))
      return &r;
  return nullptr;
}

}  // namespace

handler handler_of(std::int16_t api_key) {
  for (const auto& r : rows)
    if (r.key == api_key)
      return r.answer;
  return nullptr;
}

void session_port::reply_encoded(const call& to, byte_slice body) {
  kafka::writer head;
  const bool flexible = kafka::find_api(to.key)->response_header_version(to.version) > 0;
  head.write(static_cast<std::int32_t>(4 + (flexible ? 1 : 0) + body.size()));
  head.write(to.correlation_id);
  if (flexible)
    head.write_unsigned_varint(0);
  auto frame = std::move(head).finish();
  frame.push_back(std::move(body));
  send_reply(to, std::move(frame));
}

kafka::error_code code_of(const error& e) {
  if (const auto* r = find(log_codes, e, error_domain::log))
    return r->theirs;
  if (const auto* r = find(node_codes, e, error_domain::node))
    return r->theirs;
  if (is_domain(e, error_domain::log) || is_domain(e, error_domain::disk))
    return kafka::error_code::kafka_storage_error;
  // The partition's actor ended with the request in its mailbox: it is started again, so the client may ask again.
  if (is_domain(e, error_domain::node) || !is_ours(e))
    return kafka::error_code::not_leader_or_follower;
  return metadata_code_of(e);
}

}  // namespace troupe::api
