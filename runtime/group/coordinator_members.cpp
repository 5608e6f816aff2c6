#include "runtime/group/coordinator.hpp"
#include "runtime/group/refusal.hpp"

#include <algorithm>

// Requests of members: which group they are for, and what is told where there is none.
namespace troupe::group {

using kafka::error_code;

namespace {

bool is_name(const std::string& group) {
  return !group.empty() && group.size() <= bounds::group_id_bytes_max;
}

void refuse(outbox& out, const caller& who, error_code code, std::string why) {
  kafka::consumer_group_heartbeat_response body;
  body.error_code = kafka::code_of(code);
  body.error_message = std::move(why);
  out.reply(who.id, std::move(body));
}

}  // namespace

effects coordinator::consumer_heartbeat(const caller& who, kafka::consumer_group_heartbeat_request r, moment now) {
  constexpr std::int32_t joins = 0;
  outbox out{next_ticket_};
  auto* t = find(r.group_id);
  if (!in_.with.consumer_groups)
    refuse(out, who, error_code::unsupported_version, "The consumer protocol is not enabled on this broker.");
  else if (const auto why = fault_of(r, who.version, in_.assignors))
    refuse(out, who, why->code, why->message);
  else if (!t && r.member_epoch != joins)
    refuse(out, who, error_code::group_id_not_found, "Consumer group " + r.group_id + " not found.");
  else if (!t && groups_.size() >= bounds::groups_max)
    refuse(out, who, error_code::policy_violation, "This coordinator has as many groups as it can.");
  else {
    if (!t)
      t = find_or_make(r.group_id, now.wall);
    auto known = who;
    known.client_id.resize(std::min(known.client_id.size(), bounds::client_id_bytes_max));
    serve(*t, known, std::move(r), now, out);
    return finish(out, t, now);
  }
  return out.take();
}

/// A classic group becomes a consumer group when a member of the consumer protocol comes.
void coordinator::serve(tenant& t, const caller& who, kafka::consumer_group_heartbeat_request r, moment now,
                        outbox& out) {
  if (auto* consumers = as_consumers(t))
    return consumers->consumer_heartbeat(who, std::move(r), now, out);
  auto& classic = static_cast<classic_group&>(*t.members);
  const auto& with = in_.with;
  if (classic.is_dead())
    return refuse(out, who, error_code::coordinator_not_available, "The group is being deleted.");
  if (r.member_epoch != 0)
    return refuse(out, who, error_code::group_id_not_found, "Group " + r.group_id + " is not a consumer group.");
  if (classic.is_writing())
    return refuse(out, who, error_code::coordinator_load_in_progress, "The group is being written down.");
  if (const auto why = consumer_group::obstacle_to_following(classic, with); !why.empty())
    return refuse(out, who, error_code::group_id_not_found,
                  "Cannot upgrade classic group " + r.group_id + " to consumer group because " + why + ".");
  classic.interrupt(out);
  auto consumers = std::make_unique<consumer_group>(
      std::unique_ptr<classic_group>(static_cast<classic_group*>(t.members.release())), in_);
  auto& now_consumers = *consumers;
  t.members = std::move(consumers);
  now_consumers.consumer_heartbeat(who, std::move(r), now, out);
}

void coordinator::serve(tenant& t, member_turn turn, moment now, outbox& out) {
  std::visit(
      [&]<class Request>(Request& r) {
        if constexpr (std::is_same_v<Request, kafka::consumer_group_heartbeat_request>)
          serve(t, turn.who, std::move(r), now, out);
        else if constexpr (std::is_same_v<Request, kafka::join_group_request>)
          t.members->join(turn.who, r, now, out);
        else if constexpr (std::is_same_v<Request, kafka::sync_group_request>)
          t.members->sync(turn.who, r, now, out);
        else if constexpr (std::is_same_v<Request, kafka::heartbeat_request>)
          t.members->heartbeat(turn.who, r, now, out);
        else
          t.members->leave(turn.who, r, now, out);
      },
      turn.request);
}

/// A group that uses another protocol since its last step serves what has waited for that step.
void coordinator::settle_migration(tenant& t, moment now, outbox& out) {
  while (auto* consumers = as_consumers(t)) {
    auto successor = consumers->take_successor();
    if (!successor)
      return;
    auto waiting = consumers->take_waiting();
    successor->start_round("the last member of the consumer protocol has left", now, out);
    t.members = std::move(successor);
    for (auto& turn : waiting)
      serve(t, std::move(turn), now, out);
  }
}

effects coordinator::join(const caller& who, kafka::join_group_request r, moment now) {
  outbox out{next_ticket_};
  const auto refuse = [&](error_code code) {
    out.reply(who.id, join_refused(code, r.member_id));
    return out.take();
  };
  if (!is_name(r.group_id))
    return refuse(error_code::invalid_group_id);
  if (r.session_timeout_ms < in_.with.session_timeout_min.count()
      || r.session_timeout_ms > in_.with.session_timeout_max.count())
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
  t->members->join(known, r, now, out);
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
  if (!t || t->members->is_empty())
    return refuse(error_code::unknown_member_id);
  t->members->sync(who, r, now, out);
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
  t->members->heartbeat(who, r, now, out);
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
    t->members->leave(who, r, now, out);
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
  t->members->abandoned(request, now, out);
  return finish(out, t, now);
}

}  // namespace troupe::group
