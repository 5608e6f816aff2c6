#include "runtime/kafka/errors.hpp"

#include <array>

namespace troupe::kafka {

namespace {

struct row {
  error_code code;
  bool retriable;
  std::string_view name;
  std::string_view message;
};

constexpr bool again = true;
constexpr bool final = false;

constexpr std::array rows{
  row{error_code::unknown_server_error, final, "UNKNOWN_SERVER_ERROR",
      "an error of the broker's own that no other code fits"},
  row{error_code::none, final, "NONE", "no error"},
  row{error_code::offset_out_of_range, final, "OFFSET_OUT_OF_RANGE",
      "the offset lies outside what the partition holds"},
  row{error_code::corrupt_message, again, "CORRUPT_MESSAGE",
      "a batch fails its checksum, is malformed, or lacks a key in a compacted topic"},
  row{error_code::unknown_topic_or_partition, again, "UNKNOWN_TOPIC_OR_PARTITION", "no such topic or partition here"},
  row{error_code::invalid_fetch_size, final, "INVALID_FETCH_SIZE", "the number of bytes to fetch makes no sense"},
  row{error_code::leader_not_available, again, "LEADER_NOT_AVAILABLE", "the partition has no leader just now"},
  row{error_code::not_leader_or_follower, again, "NOT_LEADER_OR_FOLLOWER",
      "this broker does not lead the partition, or holds no replica of it"},
  row{error_code::request_timed_out, again, "REQUEST_TIMED_OUT", "the request was not finished in its time"},
  row{error_code::broker_not_available, final, "BROKER_NOT_AVAILABLE", "the broker is not available"},
  row{error_code::replica_not_available, again, "REPLICA_NOT_AVAILABLE", "the replica is not available"},
  row{error_code::message_too_large, final, "MESSAGE_TOO_LARGE", "a batch is larger than the topic allows"},
  row{error_code::stale_controller_epoch, final, "STALE_CONTROLLER_EPOCH", "the sender's controller has been replaced"},
  row{error_code::offset_metadata_too_large, final, "OFFSET_METADATA_TOO_LARGE",
      "the text beside the committed offset is too long"},
  row{error_code::network_exception, again, "NETWORK_EXCEPTION", "the connection broke before the answer came"},
  row{error_code::coordinator_load_in_progress, again, "COORDINATOR_LOAD_IN_PROGRESS",
      "the coordinator is still reading its journal"},
  row{error_code::coordinator_not_available, again, "COORDINATOR_NOT_AVAILABLE", "there is no coordinator just now"},
  row{error_code::not_coordinator, again, "NOT_COORDINATOR", "another broker is the coordinator"},
  row{error_code::invalid_topic_exception, final, "INVALID_TOPIC_EXCEPTION",
      "the topic's name is not legal, or the operation is not for this topic"},
  row{error_code::record_list_too_large, final, "RECORD_LIST_TOO_LARGE", "a batch is larger than a segment may be"},
  row{error_code::not_enough_replicas, again, "NOT_ENOUGH_REPLICAS",
      "fewer replicas are in sync than min.insync.replicas asks for; nothing was written"},
  row{error_code::not_enough_replicas_after_append, again, "NOT_ENOUGH_REPLICAS_AFTER_APPEND",
      "written, but fewer replicas are in sync than min.insync.replicas asks for"},
  row{error_code::invalid_required_acks, final, "INVALID_REQUIRED_ACKS", "acks is not -1, 0 or 1"},
  row{error_code::illegal_generation, final, "ILLEGAL_GENERATION", "the member's generation is not the group's"},
  row{error_code::inconsistent_group_protocol, final, "INCONSISTENT_GROUP_PROTOCOL",
      "the member has no protocol in common with its group"},
  row{error_code::invalid_group_id, final, "INVALID_GROUP_ID", "the group's name is not legal"},
  row{error_code::unknown_member_id, final, "UNKNOWN_MEMBER_ID", "the group does not know this member"},
  row{error_code::invalid_session_timeout, final, "INVALID_SESSION_TIMEOUT",
      "the session timeout lies outside the broker's bounds"},
  row{error_code::rebalance_in_progress, final, "REBALANCE_IN_PROGRESS", "the group is rebalancing: join again"},
  row{error_code::invalid_commit_offset_size, final, "INVALID_COMMIT_OFFSET_SIZE",
      "the offsets to commit do not fit into one batch"},
  row{error_code::topic_authorization_failed, final, "TOPIC_AUTHORIZATION_FAILED", "not allowed on this topic"},
  row{error_code::group_authorization_failed, final, "GROUP_AUTHORIZATION_FAILED", "not allowed on this group"},
  row{error_code::cluster_authorization_failed, final, "CLUSTER_AUTHORIZATION_FAILED", "not allowed on the cluster"},
  row{error_code::invalid_timestamp, final, "INVALID_TIMESTAMP", "the timestamp lies outside the topic's bounds"},
  row{error_code::unsupported_sasl_mechanism, final, "UNSUPPORTED_SASL_MECHANISM",
      "the SASL mechanism is not enabled here"},
  row{error_code::illegal_sasl_state, final, "ILLEGAL_SASL_STATE",
      "the request does not belong to this step of the login"},
  row{error_code::unsupported_version, final, "UNSUPPORTED_VERSION",
      "the broker does not serve this version of the API"},
  row{error_code::topic_already_exists, final, "TOPIC_ALREADY_EXISTS", "a topic of this name exists"},
  row{error_code::invalid_partitions, final, "INVALID_PARTITIONS", "the number of partitions is not legal"},
  row{error_code::invalid_replication_factor, final, "INVALID_REPLICATION_FACTOR",
      "the replication factor is below 1 or above the number of brokers"},
  row{error_code::invalid_replica_assignment, final, "INVALID_REPLICA_ASSIGNMENT",
      "the replica assignment is not legal"},
  row{error_code::invalid_config, final, "INVALID_CONFIG", "a setting or its value is not legal"},
  row{error_code::not_controller, again, "NOT_CONTROLLER", "another node is the active controller"},
  row{error_code::invalid_request, final, "INVALID_REQUEST", "the request cannot be understood or contradicts itself"},
  row{error_code::unsupported_for_message_format, final, "UNSUPPORTED_FOR_MESSAGE_FORMAT",
      "the log's format cannot do this"},
  row{error_code::policy_violation, final, "POLICY_VIOLATION", "a policy of the cluster forbids this"},
  row{error_code::out_of_order_sequence_number, final, "OUT_OF_ORDER_SEQUENCE_NUMBER",
      "the batch does not follow the producer's last one"},
  row{error_code::duplicate_sequence_number, final, "DUPLICATE_SEQUENCE_NUMBER",
      "the batch was already written, too long ago to say where"},
  row{error_code::invalid_producer_epoch, final, "INVALID_PRODUCER_EPOCH",
      "the producer's epoch is older than the one known"},
  row{error_code::invalid_txn_state, final, "INVALID_TXN_STATE", "the transaction is not in a state that allows this"},
  row{error_code::invalid_producer_id_mapping, final, "INVALID_PRODUCER_ID_MAPPING",
      "the producer id is not the one that the transactional id has now"},
  row{error_code::invalid_transaction_timeout, final, "INVALID_TRANSACTION_TIMEOUT",
      "the transaction timeout is above transaction.max.timeout.ms"},
  row{error_code::concurrent_transactions, again, "CONCURRENT_TRANSACTIONS",
      "another operation on the same transaction is going on"},
  row{error_code::transaction_coordinator_fenced, final, "TRANSACTION_COORDINATOR_FENCED",
      "a newer coordinator has taken over this transaction"},
  row{error_code::transactional_id_authorization_failed, final, "TRANSACTIONAL_ID_AUTHORIZATION_FAILED",
      "not allowed on this transactional id"},
  row{error_code::security_disabled, final, "SECURITY_DISABLED", "security is switched off"},
  row{error_code::operation_not_attempted, final, "OPERATION_NOT_ATTEMPTED",
      "not tried, because another part of the request failed"},
  row{error_code::kafka_storage_error, again, "KAFKA_STORAGE_ERROR", "the disk failed"},
  row{error_code::log_dir_not_found, final, "LOG_DIR_NOT_FOUND", "no such log directory"},
  row{error_code::sasl_authentication_failed, final, "SASL_AUTHENTICATION_FAILED", "the login failed"},
  row{error_code::unknown_producer_id, final, "UNKNOWN_PRODUCER_ID",
      "the partition remembers nothing of this producer"},
  row{error_code::reassignment_in_progress, final, "REASSIGNMENT_IN_PROGRESS", "the partition is being reassigned"},
  row{error_code::delegation_token_auth_disabled, final, "DELEGATION_TOKEN_AUTH_DISABLED",
      "delegation tokens are switched off"},
  row{error_code::delegation_token_not_found, final, "DELEGATION_TOKEN_NOT_FOUND", "no such delegation token"},
  row{error_code::delegation_token_owner_mismatch, final, "DELEGATION_TOKEN_OWNER_MISMATCH",
      "the token belongs to somebody else"},
  row{error_code::delegation_token_request_not_allowed, final, "DELEGATION_TOKEN_REQUEST_NOT_ALLOWED",
      "delegation tokens cannot be managed over this kind of connection"},
  row{error_code::delegation_token_authorization_failed, final, "DELEGATION_TOKEN_AUTHORIZATION_FAILED",
      "not allowed on this delegation token"},
  row{error_code::delegation_token_expired, final, "DELEGATION_TOKEN_EXPIRED", "the delegation token has expired"},
  row{error_code::invalid_principal_type, final, "INVALID_PRINCIPAL_TYPE", "the kind of principal is not supported"},
  row{error_code::non_empty_group, final, "NON_EMPTY_GROUP", "the group still has members"},
  row{error_code::group_id_not_found, final, "GROUP_ID_NOT_FOUND", "no such group"},
  row{error_code::fetch_session_id_not_found, again, "FETCH_SESSION_ID_NOT_FOUND", "no such fetch session here"},
  row{error_code::invalid_fetch_session_epoch, again, "INVALID_FETCH_SESSION_EPOCH",
      "the fetch session is at another epoch"},
  row{error_code::listener_not_found, again, "LISTENER_NOT_FOUND",
      "the leader has no listener of the name the client came in on"},
  row{error_code::topic_deletion_disabled, final, "TOPIC_DELETION_DISABLED",
      "topics must not be deleted in this cluster"},
  row{error_code::fenced_leader_epoch, again, "FENCED_LEADER_EPOCH", "the epoch is older than the leader's"},
  row{error_code::unknown_leader_epoch, again, "UNKNOWN_LEADER_EPOCH", "the epoch is newer than the leader's"},
  row{error_code::unsupported_compression_type, final, "UNSUPPORTED_COMPRESSION_TYPE",
      "the client cannot read the partition's compression"},
  row{error_code::stale_broker_epoch, final, "STALE_BROKER_EPOCH", "the broker has registered again since"},
  row{error_code::offset_not_available, again, "OFFSET_NOT_AVAILABLE",
      "the new leader does not know its high watermark yet"},
  row{error_code::member_id_required, final, "MEMBER_ID_REQUIRED", "join again with the member id from this answer"},
  row{error_code::preferred_leader_not_available, again, "PREFERRED_LEADER_NOT_AVAILABLE",
      "the preferred leader is not available"},
  row{error_code::group_max_size_reached, final, "GROUP_MAX_SIZE_REACHED", "the group is full"},
  row{error_code::fenced_instance_id, final, "FENCED_INSTANCE_ID", "another member has taken this instance id"},
  row{error_code::eligible_leaders_not_available, again, "ELIGIBLE_LEADERS_NOT_AVAILABLE",
      "no replica may become leader"},
  row{error_code::election_not_needed, again, "ELECTION_NOT_NEEDED", "the partition has the wanted leader already"},
  row{error_code::no_reassignment_in_progress, final, "NO_REASSIGNMENT_IN_PROGRESS",
      "the partition is not being reassigned"},
  row{error_code::group_subscribed_to_topic, final, "GROUP_SUBSCRIBED_TO_TOPIC",
      "the group is subscribed to the topic"},
  row{error_code::invalid_record, final, "INVALID_RECORD", "a record breaks a rule of the topic"},
  row{error_code::unstable_offset_commit, again, "UNSTABLE_OFFSET_COMMIT", "a transaction has offsets pending"},
  row{error_code::throttling_quota_exceeded, again, "THROTTLING_QUOTA_EXCEEDED", "a quota is used up"},
  row{error_code::producer_fenced, final, "PRODUCER_FENCED", "a newer producer has the same transactional id"},
  row{error_code::resource_not_found, final, "RESOURCE_NOT_FOUND", "no such resource"},
  row{error_code::duplicate_resource, final, "DUPLICATE_RESOURCE", "the same resource is named twice"},
  row{error_code::unacceptable_credential, final, "UNACCEPTABLE_CREDENTIAL", "the credential is not acceptable"},
  row{error_code::inconsistent_voter_set, final, "INCONSISTENT_VOTER_SET",
      "the voters differ from those of the sender"},
  row{error_code::invalid_update_version, final, "INVALID_UPDATE_VERSION", "the version to update to is not legal"},
  row{error_code::feature_update_failed, final, "FEATURE_UPDATE_FAILED", "the features could not be changed"},
  row{error_code::principal_deserialization_failure, final, "PRINCIPAL_DESERIALIZATION_FAILURE",
      "the forwarded principal cannot be read"},
  row{error_code::snapshot_not_found, final, "SNAPSHOT_NOT_FOUND", "no such snapshot"},
  row{error_code::position_out_of_range, final, "POSITION_OUT_OF_RANGE", "the position lies outside the snapshot"},
  row{error_code::unknown_topic_id, again, "UNKNOWN_TOPIC_ID", "no topic of this id here"},
  row{error_code::duplicate_broker_registration, final, "DUPLICATE_BROKER_REGISTRATION", "another broker has this id"},
  row{error_code::broker_id_not_registered, final, "BROKER_ID_NOT_REGISTERED", "no broker of this id is registered"},
  row{error_code::inconsistent_topic_id, again, "INCONSISTENT_TOPIC_ID", "the log belongs to another topic id"},
  row{error_code::inconsistent_cluster_id, final, "INCONSISTENT_CLUSTER_ID",
      "the request is meant for another cluster"},
  row{error_code::transactional_id_not_found, final, "TRANSACTIONAL_ID_NOT_FOUND", "no such transactional id"},
  row{error_code::fetch_session_topic_id_error, again, "FETCH_SESSION_TOPIC_ID_ERROR",
      "the session mixes topic names and ids, or an id changed"},
  row{error_code::ineligible_replica, final, "INELIGIBLE_REPLICA", "a replica of the new in-sync set may not be in it"},
  row{error_code::new_leader_elected, final, "NEW_LEADER_ELECTED", "done, and the partition has a new leader now"},
  row{error_code::offset_moved_to_tiered_storage, final, "OFFSET_MOVED_TO_TIERED_STORAGE",
      "the offset has moved to tiered storage"},
  row{error_code::fenced_member_epoch, final, "FENCED_MEMBER_EPOCH",
      "the member's epoch is too old: give up all partitions and join again"},
  row{error_code::unreleased_instance_id, final, "UNRELEASED_INSTANCE_ID",
      "the instance id is still taken by a member that has not left"},
  row{error_code::unsupported_assignor, final, "UNSUPPORTED_ASSIGNOR", "the assignor is not supported"},
  row{error_code::stale_member_epoch, final, "STALE_MEMBER_EPOCH",
      "the member's epoch is old: repeat with the one from the heartbeat"},
  row{error_code::mismatched_endpoint_type, final, "MISMATCHED_ENDPOINT_TYPE",
      "this listener does not serve this kind of request"},
  row{error_code::unsupported_endpoint_type, final, "UNSUPPORTED_ENDPOINT_TYPE",
      "this kind of endpoint is not supported"},
  row{error_code::unknown_controller_id, final, "UNKNOWN_CONTROLLER_ID", "no such controller"},
  row{error_code::unknown_subscription_id, final, "UNKNOWN_SUBSCRIPTION_ID", "no such telemetry subscription"},
  row{error_code::telemetry_too_large, final, "TELEMETRY_TOO_LARGE", "the telemetry is too large"},
  row{error_code::invalid_registration, final, "INVALID_REGISTRATION", "the broker's registration is not acceptable"},
  row{error_code::transaction_abortable, final, "TRANSACTION_ABORTABLE",
      "the transaction failed and can only be aborted"},
  row{error_code::invalid_record_state, final, "INVALID_RECORD_STATE",
      "the record is in no state to be acknowledged so"},
  row{error_code::share_session_not_found, again, "SHARE_SESSION_NOT_FOUND", "no such share session here"},
  row{error_code::invalid_share_session_epoch, again, "INVALID_SHARE_SESSION_EPOCH",
      "the share session is at another epoch"},
  row{error_code::fenced_state_epoch, final, "FENCED_STATE_EPOCH", "the share group's state is at another epoch"},
  row{error_code::invalid_voter_key, final, "INVALID_VOTER_KEY", "the voter's key differs"},
  row{error_code::duplicate_voter, final, "DUPLICATE_VOTER", "it is a voter already"},
  row{error_code::voter_not_found, final, "VOTER_NOT_FOUND", "it is no voter"},
  row{error_code::invalid_regular_expression, final, "INVALID_REGULAR_EXPRESSION",
      "the regular expression is not legal"},
  row{error_code::rebootstrap_required, final, "REBOOTSTRAP_REQUIRED",
      "the client's metadata leads elsewhere: start from the bootstrap servers"},
  row{error_code::streams_invalid_topology, final, "STREAMS_INVALID_TOPOLOGY", "the topology is not legal"},
  row{error_code::streams_invalid_topology_epoch, final, "STREAMS_INVALID_TOPOLOGY_EPOCH",
      "the topology's epoch is not legal"},
  row{error_code::streams_topology_fenced, final, "STREAMS_TOPOLOGY_FENCED", "the topology's epoch is too old"},
  row{error_code::share_session_limit_reached, again, "SHARE_SESSION_LIMIT_REACHED",
      "the broker holds no more share sessions"},
};

constexpr bool rows_are_dense() {
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (code_of(rows[i].code) != static_cast<int>(i) - 1)
      return false;
  return true;
}
static_assert(rows_are_dense(), "a code's row is found by its number");

const row* find(error_code code) {
  const auto at = static_cast<std::size_t>(code_of(code) + 1);
  return at < rows.size() ? &rows[at] : nullptr;
}

}  // namespace

std::string_view name_of(error_code code) {
  const auto* found = find(code);
  return found ? found->name : "UNKNOWN";
}

std::string_view message_of(error_code code) {
  const auto* found = find(code);
  return found ? found->message : "a code that this version does not know";
}

bool is_retriable(error_code code) {
  const auto* found = find(code);
  return found && found->retriable;
}

}  // namespace troupe::kafka
