#include "runtime/group/coordinator.hpp"

#include <algorithm>

// Requests of members: which group they are for, and what is told where there is none.
namespace troupe::group {

using kafka::error_code;

namespace {

bool is_name(const std::string& group) {
  return !group.empty() && group.size() <= bounds::group_id_bytes_max;
}

}  // namespace

effects coordinator::join(const caller& who, kafka::join_group_request r, moment now) {
  outbox out{next_ticket_};
  const auto refuse = [&](error_code code) {
    kafka::join_group_response body;
    body.error_code = kafka::code_of(code);
    body.member_id = r.member_id;
    out.reply(who.id, std::move(body));
    return out.take();
  };
  if (!is_name(r.group_id))
    return refuse(error_code::invalid_group_id);
  if (r.session_timeout_ms < options_.session_timeout_min.count()
      || r.session_timeout_ms > options_.session_timeout_max.count())
    return refuse(error_code::invalid_session_timeout);
  if (r.group_instance_id && r.group_instance_id->size() > bounds::instance_id_bytes_max)
    return refuse(error_code::invalid_request);
  if (who.version == 0)  // which has no time of its own for rebalances
    r.rebalance_timeout_ms = r.session_timeout_ms;
  r.rebalance_timeout_ms = std::max(r.rebalance_timeout_ms, 0);
  auto* t = find(r.group_id);
  if (!t && !r.member_id.empty())
    return refuse(error_code::unknown_member_id);
  if (!t && groups_.size() >= bounds::groups_max)
    return refuse(error_code::policy_violation);
  if (!t)
    t = find_or_make(r.group_id, now.wall);
  auto known = who;
  known.client_id.resize(std::min(known.client_id.size(), bounds::client_id_bytes_max));
  t->members.join(known, r, now, out);
  return finish(out, t, now);
}

effects coordinator::sync(const caller& who, const kafka::sync_group_request& r, moment now) {
  constexpr std::int16_t protocol_version = 5;  // from which on members must say what they take the group for
  outbox out{next_ticket_};
  const auto refuse = [&](error_code code) {
    kafka::sync_group_response body;
    body.error_code = kafka::code_of(code);
    out.reply(who.id, std::move(body));
    return out.take();
  };
  if (who.version >= protocol_version && (!r.protocol_type || !r.protocol_name))
    return refuse(error_code::inconsistent_group_protocol);
  if (!is_name(r.group_id))
    return refuse(error_code::invalid_group_id);
  auto* t = find(r.group_id);
  if (!t || t->members.state() == group_state::empty)
    return refuse(error_code::unknown_member_id);
  t->members.sync(who, r, now, out);
  return finish(out, t, now);
}

effects coordinator::heartbeat(const caller& who, const kafka::heartbeat_request& r, moment now) {
  outbox out{next_ticket_};
  auto* t = find(r.group_id);
  if (!is_name(r.group_id) || !t) {
    kafka::heartbeat_response body;
    body.error_code =
      kafka::code_of(is_name(r.group_id) ? error_code::unknown_member_id : error_code::invalid_group_id);
    out.reply(who.id, std::move(body));
    return out.take();
  }
  t->members.heartbeat(who, r, now, out);
  return finish(out, t, now);
}

effects coordinator::leave(const caller& who, kafka::leave_group_request r, moment now) {
  constexpr std::int16_t several_version = 3;
  outbox out{next_ticket_};
  if (who.version < several_version)
    r.members = {{.member_id = r.member_id, .group_instance_id = {}, .reason = {}}};
  auto* t = find(r.group_id);
  if (!is_name(r.group_id) || !t) {
    kafka::leave_group_response body;
    if (!is_name(r.group_id))
      body.error_code = kafka::code_of(error_code::invalid_group_id);
    else
      for (const auto& one : r.members)
        body.members.push_back({one.member_id, one.group_instance_id, kafka::code_of(error_code::unknown_member_id)});
    out.reply(who.id, std::move(body));
  } else {
    t->members.leave(who, r, now, out);
  }
  // Old clients learn of their one member by the error of the whole.
  auto e = t ? finish(out, t, now) : out.take();
  if (who.version < several_version)
    for (auto& one : e.answers)
      if (auto* body = std::get_if<kafka::leave_group_response>(&one.body); body && one.to == who.id)
        if (body->error_code == 0 && !body->members.empty())
          body->error_code = body->members.front().error_code;
  return e;
}

effects coordinator::abandoned(const std::string& group, request_id request, moment now) {
  outbox out{next_ticket_};
  auto* t = find(group);
  if (!t)
    return {};
  t->members.abandoned(request, now, out);
  return finish(out, t, now);
}

}  // namespace troupe::group
