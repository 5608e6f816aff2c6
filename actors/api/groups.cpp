// What members of a group ask their coordinator: ConsumerGroupHeartbeat, JoinGroup, SyncGroup, Heartbeat, LeaveGroup,
// OffsetCommit, TxnOffsetCommit and OffsetDelete. The request goes to the coordinator as it came.
#include "actors/api/coordinator_calls.hpp"
#include "actors/group_topics.hpp"
#include "runtime/group/refusal.hpp"
#include "schema/kafka/consumer_group_heartbeat.hpp"
#include "schema/kafka/heartbeat.hpp"
#include "schema/kafka/join_group.hpp"
#include "schema/kafka/leave_group.hpp"
#include "schema/kafka/offset_commit.hpp"
#include "schema/kafka/offset_delete.hpp"
#include "schema/kafka/sync_group.hpp"

namespace troupe::api {

namespace {

template <class Response, class Request>
Response refusal_of([[maybe_unused]] const Request& r, kafka::error_code code) {
  if constexpr (std::is_same_v<Response, kafka::join_group_response>) {
    return group::join_refused(code, r.member_id);
  } else if constexpr (requires(Response out) { out.error_code; }) {
    Response out;
    out.error_code = kafka::code_of(code);
    return out;
  } else if constexpr (std::is_same_v<Response, kafka::txn_offset_commit_response>) {
    return group_topics::as_transactional(group_topics::all_refused(group_topics::as_commit(r), code));
  } else {
    return group_topics::all_refused(r, code);
  }
}

template <class Response, class Request>
void pass_on(session_port& in, const call& what, kafka::reader& body) {
  auto bytes = body.rest();
  auto r = std::make_shared<Request>();
  if (!in.decode(what, body, *r))
    return;
  auto found = find_coordinator_of(in, r->group_id);
  if (found.code != kafka::error_code::none)
    return in.reply(what, refusal_of<Response>(*r, found.code));
  ask_coordinator(in, found.partition, what.key, what.version, std::move(bytes),
                  [&in, what, r](kafka::error_code code, byte_slice answer) {
                    if (code == kafka::error_code::none)
                      in.reply_encoded(what, std::move(answer));
                    else
                      in.reply(what, refusal_of<Response>(*r, code));
                  });
}

}  // namespace

void consumer_group_heartbeat(session_port& in, const call& what, kafka::reader& body) {
  pass_on<kafka::consumer_group_heartbeat_response, kafka::consumer_group_heartbeat_request>(in, what, body);
}

void join_group(session_port& in, const call& what, kafka::reader& body) {
  pass_on<kafka::join_group_response, kafka::join_group_request>(in, what, body);
}

void sync_group(session_port& in, const call& what, kafka::reader& body) {
  pass_on<kafka::sync_group_response, kafka::sync_group_request>(in, what, body);
}

void heartbeat(session_port& in, const call& what, kafka::reader& body) {
  pass_on<kafka::heartbeat_response, kafka::heartbeat_request>(in, what, body);
}

void leave_group(session_port& in, const call& what, kafka::reader& body) {
  pass_on<kafka::leave_group_response, kafka::leave_group_request>(in, what, body);
}

void offset_commit(session_port& in, const call& what, kafka::reader& body) {
  pass_on<kafka::offset_commit_response, kafka::offset_commit_request>(in, what, body);
}

void txn_offset_commit(session_port& in, const call& what, kafka::reader& body) {
  pass_on<kafka::txn_offset_commit_response, kafka::txn_offset_commit_request>(in, what, body);
}

void offset_delete(session_port& in, const call& what, kafka::reader& body) {
  pass_on<kafka::offset_delete_response, kafka::offset_delete_request>(in, what, body);
}

}  // namespace troupe::api
