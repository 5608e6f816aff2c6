#include "runtime/group/refusal.hpp"

namespace troupe::group {

using kafka::error_code;

namespace {

/// Answers that tell of each topic's partitions do so in one shape.
template <class Body>
void fail_partitions(Body& body, std::int16_t code) {
  for (auto& topic : body.topics)
    for (auto& partition : topic.partitions)
      if (partition.error_code == 0)
        partition.error_code = code;
}

void fail(kafka::join_group_response& body, std::int16_t code) {
  body = join_refused(static_cast<error_code>(code), "");
}

void fail(kafka::sync_group_response& body, std::int16_t code) {
  body = {};
  body.error_code = code;
}

void fail(kafka::consumer_group_heartbeat_response& body, std::int16_t code) {
  body = {};
  body.error_code = code;
}

void fail(kafka::heartbeat_response& body, std::int16_t code) {
  body.error_code = code;
}

void fail(kafka::leave_group_response& body, std::int16_t code) {
  body.error_code = code;
  body.members.clear();
}

void fail(kafka::offset_commit_response& body, std::int16_t code) {
  fail_partitions(body, code);
}

void fail(kafka::offset_delete_response& body, std::int16_t code) {
  body.error_code = code;
  body.topics.clear();
}

void fail(kafka::delete_groups_response& body, std::int16_t code) {
  for (auto& result : body.results)
    if (result.error_code == 0)
      result.error_code = code;
}

}  // namespace

error_code code_for_client(error_code why) {
  switch (why) {
    case error_code::unknown_topic_or_partition:
    case error_code::not_enough_replicas:
    case error_code::not_enough_replicas_after_append:
    case error_code::request_timed_out:
      return error_code::coordinator_not_available;
    case error_code::not_leader_or_follower:
    case error_code::kafka_storage_error:
      return error_code::not_coordinator;
    case error_code::message_too_large:
    case error_code::record_list_too_large:
    case error_code::invalid_fetch_size:
      return error_code::unknown_server_error;
    default:
      return why;
  }
}

kafka::join_group_response join_refused(error_code code, std::string member) {
  kafka::join_group_response body;
  body.error_code = kafka::code_of(code);
  body.member_id = std::move(member);
  body.protocol_name.reset();
  return body;
}

response with_error(response intended, error_code code) {
  std::visit([&](auto& body) { fail(body, kafka::code_of(code)); }, intended);
  return intended;
}

}  // namespace troupe::group
