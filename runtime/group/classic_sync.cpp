#include "runtime/group/classic.hpp"
#include "runtime/group/identity.hpp"
#include "runtime/group/refusal.hpp"

#include <algorithm>

// What members do in a generation: fetch the assignment, stay, leave.
namespace troupe::group {

using kafka::error_code;

namespace {

kafka::sync_group_response sync_refusal(error_code code) {
  kafka::sync_group_response body;
  body.error_code = kafka::code_of(code);
  return body;
}

bool differ(const std::optional<std::string>& said, const std::optional<std::string>& is) {
  return said && is && *said != *is;
}

}  // namespace

void classic_group::sync(const caller& who, const kafka::sync_group_request& r, moment now, outbox& out) {
  if (state_ == group_state::dead)
    return out.reply(who.id, sync_refusal(error_code::coordinator_not_available));
  if (const auto code = check_member(r.member_id, r.group_instance_id); code != error_code::none)
    return out.reply(who.id, sync_refusal(code));
  if (r.generation_id != generation_)
    return out.reply(who.id, sync_refusal(error_code::illegal_generation));
  if (differ(r.protocol_type, protocol_type_) || differ(r.protocol_name, protocol_))
    return out.reply(who.id, sync_refusal(error_code::inconsistent_group_protocol));
  if (state_ == group_state::preparing_rebalance)
    return out.reply(who.id, sync_refusal(error_code::rebalance_in_progress));

  auto& member = *roster_.find(r.member_id);
  pending_syncs_.erase(member.id);
  if (pending_syncs_.empty())
    sync_until_.reset();
  if (state_ == group_state::stable) {
    arm(member, now);
    kafka::sync_group_response body;
    body.protocol_type = protocol_type_;
    body.protocol_name = protocol_;
    body.assignment = member.assignment;
    return out.reply(who.id, std::move(body));
  }
  if (const auto before = std::exchange(member.syncs, who.id))  // its client has given that one up
    out.reply(*before, sync_refusal(error_code::rebalance_in_progress));
  if (roster_.is_leader(member.id))
    store_assignment(r, out);
}

void classic_group::store_assignment(const kafka::sync_group_request& r, outbox& out) {
  stored_assignment stored{generation_, {}};
  for (const auto& one : r.assignments)
    if (roster_.find(one.member_id))
      stored.assignments[one.member_id] = byte_slice::copy_of(one.assignment);
  if (stored.assignments.size() < roster_.size())
    note(out, "the leader assigned nothing to " + std::to_string(roster_.size() - stored.assignments.size())
                  + " members");
  const auto of = out.append({to_log(group_record{{id_}, to_record(stored.assignments)})});
  writes_.emplace(of, std::move(stored));
}

/// Answers all that wait for the assignment; after an error there is none.
void classic_group::end_syncs(error_code code, moment now, outbox& out) {
  for (const auto& [id, m] : roster_.all()) {
    auto& member = *roster_.find(id);
    if (code != error_code::none)
      member.assignment = {};
    if (!member.syncs)
      continue;
    auto body = sync_refusal(code);
    if (code == error_code::none) {
      body.protocol_type = protocol_type_;
      body.protocol_name = protocol_;
      body.assignment = member.assignment;
    }
    out.reply(*std::exchange(member.syncs, std::nullopt), std::move(body));
    arm(member, now);
  }
}

void classic_group::heartbeat(const caller& who, const kafka::heartbeat_request& r, moment now, outbox& out) {
  const auto answer = [&](error_code code) {
    kafka::heartbeat_response body;
    body.error_code = kafka::code_of(code);
    out.reply(who.id, std::move(body));
  };
  if (state_ == group_state::dead)
    return answer(error_code::coordinator_not_available);
  if (const auto code = check_member(r.member_id, r.group_instance_id); code != error_code::none)
    return answer(code);
  if (r.generation_id != generation_)
    return answer(error_code::illegal_generation);
  arm(*roster_.find(r.member_id), now);
  answer(state_ == group_state::preparing_rebalance ? error_code::rebalance_in_progress : error_code::none);
}

void classic_group::leave(const caller& who, const kafka::leave_group_request& r, moment now, outbox& out) {
  kafka::leave_group_response body;
  if (state_ == group_state::dead) {
    body.error_code = kafka::code_of(error_code::coordinator_not_available);
    return out.reply(who.id, std::move(body));
  }
  bool somebody_left = false;
  for (const auto& one : r.members) {
    body.members.push_back(take_out(one, out));
    somebody_left |= body.members.back().error_code == 0;
  }
  const auto before = writes_.empty() ? std::nullopt : std::optional{writes_.rbegin()->first};
  if (somebody_left && state_ != group_state::empty)
    rebalance("members have left", now, out);
  // If the group is empty now, that is on its way to the log: who asks again after the answer must not see members.
  if (!writes_.empty() && writes_.rbegin()->first != before)
    return out.reply_after(writes_.rbegin()->first, who.id, std::move(body));
  out.reply(who.id, std::move(body));
}

kafka::leave_group_response::member_response
classic_group::take_out(const kafka::leave_group_request::member_identity& who, outbox& out) {
  kafka::leave_group_response::member_response result;
  result.member_id = who.member_id;
  result.group_instance_id = who.group_instance_id;
  auto id = who.member_id;
  if (id.empty() && who.group_instance_id) {  // an administrator takes a static member out
    if (const auto* current = roster_.static_id(*who.group_instance_id))
      id = *current;
  } else if (!pending_joins_.contains(id)) {
    const auto code = check_member(id, who.group_instance_id);
    if (code != error_code::none) {
      result.error_code = kafka::code_of(code);
      return result;
    }
  }
  if (id.empty()) {
    result.error_code = kafka::code_of(error_code::unknown_member_id);
    return result;
  }
  if (auto* member = roster_.find(id)) {
    end_join(*member, error_code::unknown_member_id, "", out);
    if (const auto sync = std::exchange(member->syncs, std::nullopt))
      out.reply(*sync, sync_refusal(error_code::unknown_member_id));
  }
  forget(id);
  note(out, "member " + id + " has left" + (who.reason ? "; the client says: " + quoted(*who.reason) : ""));
  return result;
}

void classic_group::end_join(classic_member& member, error_code code, const std::string& id, outbox& out) {
  const auto join = roster_.end_join(member);
  if (!join)
    return;
  out.reply(*join, join_refused(code, id));
}

}  // namespace troupe::group
