#pragma once

#include "runtime/base/error.hpp"

#include <cstdint>
#include <string>

namespace troupe::metadata {

/// Why a change of the cluster's metadata is refused, or why the metadata log cannot be used. The first group maps one
/// to one to Kafka's error codes, which stand behind each; the second never reaches a client as such.
enum class errc : std::uint8_t {
  topic_already_exists = 1,     ///< 36
  invalid_topic_name,           ///< 17, INVALID_TOPIC_EXCEPTION
  topic_authorization_failed,   ///< 29: the topic's name is reserved for the node itself
  unknown_topic,                ///< 3, UNKNOWN_TOPIC_OR_PARTITION: no topic of that name
  unknown_topic_id,             ///< 100
  topic_deletion_disabled,      ///< 73
  invalid_partitions,           ///< 37
  invalid_replication_factor,   ///< 38
  invalid_replica_assignment,   ///< 39
  invalid_config,               ///< 40
  invalid_request,              ///< 42
  policy_violation,             ///< 44: a limit of ours
  broker_id_not_registered,     ///< 102
  duplicate_broker_registration,///< 101
  stale_broker_epoch,           ///< 77
  producer_ids_exhausted,       ///< -1, UNKNOWN_SERVER_ERROR
  unknown_partition,            ///< 3, UNKNOWN_TOPIC_OR_PARTITION: the topic has no partition of that number
  not_controller,               ///< 41: the sender has seen later metadata than this image
  fenced_leader_epoch,          ///< 74
  invalid_update_version,       ///< 95: a stale partition epoch, or a feature level that cannot be set
  ineligible_replica,           ///< 107
  election_not_needed,          ///< 84
  preferred_leader_not_available,  ///< 80
  eligible_leaders_not_available,  ///< 83
  no_reassignment_in_progress,  ///< 85
  invalid_registration,         ///< 119

  unknown_record = 64,   ///< a record type or value of a newer version: this node must be upgraded
  contradicting_record,  ///< a record about something that is not there: the log is damaged or the program wrong
  out_of_order,          ///< an entry that does not follow the one before it
  journal_damaged,       ///< acknowledged content of the metadata log is missing or altered; the node must not start
  journal_offline,       ///< a write or sync failed earlier: nothing is appended until the node restarts
  journal_version,       ///< files of a newer version of Troupe
};

/// The error `code` of this domain with the sentence that a person will read.
error make_error(errc code, std::string text);

/// True when `e` is of this domain with `code`.
bool is(const error& e, errc code) noexcept;

}  // namespace troupe::metadata
