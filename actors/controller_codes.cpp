#include "actors/controller_refusal.hpp"
#include "runtime/metadata/errors.hpp"

#include <utility>

namespace troupe {

kafka::error_code metadata_code_of(const error& e) {
  using kafka::error_code;
  static constexpr std::pair<metadata::errc, error_code> codes[] = {
    {metadata::errc::topic_already_exists, error_code::topic_already_exists},
    {metadata::errc::invalid_topic_name, error_code::invalid_topic_exception},
    {metadata::errc::topic_authorization_failed, error_code::topic_authorization_failed},
    {metadata::errc::unknown_topic, error_code::unknown_topic_or_partition},
    {metadata::errc::unknown_partition, error_code::unknown_topic_or_partition},
    {metadata::errc::unknown_topic_id, error_code::unknown_topic_id},
    {metadata::errc::topic_deletion_disabled, error_code::topic_deletion_disabled},
    {metadata::errc::invalid_partitions, error_code::invalid_partitions},
    {metadata::errc::invalid_replication_factor, error_code::invalid_replication_factor},
    {metadata::errc::invalid_replica_assignment, error_code::invalid_replica_assignment},
    {metadata::errc::invalid_config, error_code::invalid_config},
    {metadata::errc::invalid_request, error_code::invalid_request},
    {metadata::errc::policy_violation, error_code::policy_violation},
    {metadata::errc::broker_id_not_registered, error_code::broker_id_not_registered},
    {metadata::errc::duplicate_broker_registration, error_code::duplicate_broker_registration},
    {metadata::errc::stale_broker_epoch, error_code::stale_broker_epoch},
    {metadata::errc::not_controller, error_code::not_controller},
    {metadata::errc::fenced_leader_epoch, error_code::fenced_leader_epoch},
    {metadata::errc::invalid_update_version, error_code::invalid_update_version},
    {metadata::errc::ineligible_replica, error_code::ineligible_replica},
    {metadata::errc::election_not_needed, error_code::election_not_needed},
    {metadata::errc::preferred_leader_not_available, error_code::preferred_leader_not_available},
    {metadata::errc::eligible_leaders_not_available, error_code::eligible_leaders_not_available},
    {metadata::errc::no_reassignment_in_progress, error_code::no_reassignment_in_progress},
    {metadata::errc::invalid_registration, error_code::invalid_registration},
  };
  for (const auto& [ours, theirs] : codes)
    if (metadata::is(e, ours))
      return theirs;
  // The metadata log has failed under the controller, which ends: another one is to be asked.
  if (is_domain(e, error_domain::disk) || is_domain(e, error_domain::log))
    return error_code::not_controller;
  return error_code::unknown_server_error;
}

}  // namespace troupe
