#include "runtime/group/classic.hpp"
#include "runtime/group/identity.hpp"
#include "runtime/group/refusal.hpp"

#include <algorithm>

// Who gets in, under which id, and whether that begins a round.
namespace troupe::group {

using kafka::error_code;
using std::chrono::milliseconds;

namespace {

/// First version whose members must come back with the id that they are given (KIP-394).
constexpr std::int16_t known_id_version = 4;

std::string reason_of(const kafka::join_group_request& r) {
  return r.reason ? "; the client says: " + quoted(*r.reason) : "";
}

/// A round may come long after the frame in which the metadata came; it must not keep the frame alive.
protocols copied(const protocols& from) {
  auto out = from;
  for (auto& protocol : out)
    protocol.metadata = byte_slice::copy_of(protocol.metadata);
  return out;
}

}  // namespace

void classic_group::join(const caller& who, const kafka::join_group_request& r, moment now, outbox& out) {
  if (!accepts(r.member_id)) {
    forget(r.member_id);
    out.reply(who.id, join_refused(error_code::group_max_size_reached, ""));
    return complete_join_if_ready(now, out);
  }
  if (state_ == group_state::dead)
    return out.reply(who.id, join_refused(error_code::coordinator_not_available, r.member_id));
  if (!supports(r))
    return out.reply(who.id, join_refused(error_code::inconsistent_group_protocol, r.member_id));
  if (r.member_id.empty())
    join_new(who, r, now, out);
  else
    join_known(who, r, now, out);
}

/// While a round is prepared, those that have joined it count: if `group.max.size` was lowered, the last ones stay out.
bool classic_group::accepts(const std::string& member) const {
  const auto* known = roster_.find(member);
  switch (state_) {
    case group_state::empty:
    case group_state::dead:
      return true;
    case group_state::preparing_rebalance:
      return (known && known->joins) || roster_.joined_count() < options_->members_max;
    case group_state::completing_rebalance:
    case group_state::stable:
      return known || roster_.size() < options_->members_max;
  }
  return false;
}

bool classic_group::supports(const kafka::join_group_request& r) const {
  const auto is_bounded = [](const auto& p) { return p.name.size() <= bounds::protocol_name_bytes_max; };
  std::size_t metadata_bytes = 0;
  for (const auto& protocol : r.protocols)
    metadata_bytes += protocol.name.size() + protocol.metadata.size();
  if (metadata_bytes > bounds::member_metadata_bytes_max || !std::ranges::all_of(r.protocols, is_bounded)
      || r.protocol_type.size() > bounds::protocol_name_bytes_max)
    return false;
  if (roster_.empty())
    return !r.protocol_type.empty() && !r.protocols.empty();
  return protocol_type_ == r.protocol_type && roster_.share_protocol(r.protocols);
}

void classic_group::join_new(const caller& who, const kafka::join_group_request& r, moment now, outbox& out) {
  auto id = new_member_id(r.group_instance_id.value_or(who.client_id), *random_);
  if (r.group_instance_id) {
    if (roster_.static_id(*r.group_instance_id))
      return replace_static(who, r, id, now, out);
    return add_member(who, r, std::move(id), now, out);
  }
  if (who.version < known_id_version)
    return add_member(who, r, std::move(id), now, out);
  if (pending_joins_.size() >= bounds::pending_members_max)
    return out.reply(who.id, join_refused(error_code::group_max_size_reached, ""));
  pending_joins_.insert(id);
  sessions_.arm(id, now.at + milliseconds{r.session_timeout_ms});
  out.reply(who.id, join_refused(error_code::member_id_required, id));
}

void classic_group::join_known(const caller& who, const kafka::join_group_request& r, moment now, outbox& out) {
  if (pending_joins_.contains(r.member_id)) {
    if (r.group_instance_id)  // such ids are given to dynamic members only
      return out.reply(who.id, join_refused(error_code::unknown_member_id, r.member_id));
    return add_member(who, r, r.member_id, now, out);
  }
  if (const auto code = check_member(r.member_id, r.group_instance_id); code != error_code::none)
    return out.reply(who.id, join_refused(code, r.member_id));
  rejoin(who, r, *roster_.find(r.member_id), now, out);
}

void classic_group::rejoin(const caller& who, const kafka::join_group_request& r, classic_member& member, moment now,
                           outbox& out) {
  const bool is_leader = roster_.is_leader(member.id);
  const bool is_unchanged = member.protocols == r.protocols;
  const auto why = (is_leader ? "leader " : "member ") + member.id + " joins again" + reason_of(r);
  switch (state_) {
    case group_state::preparing_rebalance:
      update_member(member, r, who.id, out);
      return rebalance(why, now, out);
    case group_state::completing_rebalance:
      // Without a change it has lost the answer: it gets it again.
      if (is_unchanged)
        return out.reply(who.id, joined(member, is_leader));
      update_member(member, r, who.id, out);
      return rebalance(why, now, out);
    case group_state::stable:
      // The leader may know of changes that no metadata shows, such as new partitions.
      if (!is_leader && is_unchanged)
        return out.reply(who.id, joined(member, false));
      update_member(member, r, who.id, out);
      return rebalance(why, now, out);
    case group_state::empty:
    case group_state::dead:
      out.reply(who.id, join_refused(error_code::unknown_member_id, r.member_id));
  }
}

void classic_group::add_member(const caller& who, const kafka::join_group_request& r, std::string id, moment now,
                               outbox& out) {
  if (state_ == group_state::preparing_rebalance && was_empty_)
    member_was_added_ = true;
  if (roster_.empty())
    protocol_type_ = r.protocol_type;
  pending_joins_.erase(id);
  auto& member = roster_.add({.id = std::move(id),
                              .instance_id = r.group_instance_id,
                              .client_id = who.client_id,
                              .client_host = who.client_host,
                              .rebalance_timeout = milliseconds{r.rebalance_timeout_ms},
                              .session_timeout = milliseconds{r.session_timeout_ms},
                              .protocols = copied(r.protocols),
                              .assignment = {},
                              .is_new = true,
                              .joins = {},
                              .syncs = {}});
  roster_.start_join(member, who.id);
  sessions_.arm(member.id, now.at + bounds::new_member_join_max);
  rebalance("new member " + member.id + reason_of(r), now, out);
}

void classic_group::update_member(classic_member& member, const kafka::join_group_request& r, request_id join,
                                  outbox& out) {
  roster_.set_protocols(member, copied(r.protocols));
  member.rebalance_timeout = milliseconds{r.rebalance_timeout_ms};
  member.session_timeout = milliseconds{r.session_timeout_ms};
  if (const auto before = roster_.start_join(member, join))  // its client has given that one up
    out.reply(*before, join_refused(error_code::rebalance_in_progress, member.id));
}

kafka::join_group_response classic_group::joined(const classic_member& member, bool with_members) const {
  kafka::join_group_response body;
  body.member_id = member.id;
  body.generation_id = generation_;
  body.protocol_type = protocol_type_;
  body.protocol_name = protocol_;
  body.leader = roster_.leader().value_or("");
  if (with_members)
    for (const auto& [id, m] : roster_.all())
      body.members.push_back({id, m.instance_id, m.metadata(protocol_.value_or(""))});
  return body;
}

}  // namespace troupe::group
