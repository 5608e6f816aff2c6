#include "runtime/base/mutation.hpp"
#include "runtime/group/classic.hpp"

#include <algorithm>

// A static member (KIP-345) that comes back without its member id gets a new one and its former place. Whoever holds
// the former id is fenced from then on.
namespace troupe::group {

using kafka::error_code;
using std::chrono::milliseconds;

namespace {

/// First version whose leader can be told its members and not to assign anew (KIP-814).
constexpr std::int16_t skip_assignment_version = 9;

}  // namespace

void classic_group::replace_static(const caller& who, const kafka::join_group_request& r, const std::string& new_id,
                                   moment now, outbox& out) {
  const auto old_id = *roster_.static_id(*r.group_instance_id);
  const auto old_leader = roster_.leader();
  auto& old = *roster_.find(old_id);
  fence(old, out);
  const auto before = old;
  note(out, "static member " + *r.group_instance_id + " is back: " + new_id + " takes the place of " + old_id);

  sessions_.disarm(old_id);
  auto& member = roster_.rename(old_id, new_id);
  if (pending_syncs_.erase(old_id) > 0)
    pending_syncs_.insert(new_id);
  member.is_new = false;
  update_member(member, r, who.id, out);
  arm(member, now);

  if (state_ == group_state::stable && protocol_ == roster_.select_protocol()) {
    if (mutation("M31"))
      return static_member_stored({who.id, who.version, old_id, new_id, old_leader, before}, out);
    const auto of = out.append({record()});
    writes_.emplace(of, stored_static_member{who.id, who.version, old_id, new_id, old_leader, before});
    return;
  }
  if (state_ == group_state::completing_rebalance) {
    // The leader may be assigning to the former id right now.
    prepare_rebalance("static member " + new_id + " is back", now, out);
    return;
  }
  rebalance("static member " + new_id + " is back with other protocols", now, out);
}

void classic_group::fence(classic_member& member, outbox& out) {
  end_join(member, error_code::fenced_instance_id, member.id, out);
  if (const auto sync = std::exchange(member.syncs, std::nullopt)) {
    kafka::sync_group_response body;
    body.error_code = kafka::code_of(error_code::fenced_instance_id);
    out.reply(*sync, std::move(body));
  }
}

void classic_group::static_member_stored(const stored_static_member& w, outbox& out) {
  auto* member = roster_.find(w.new_id);
  if (!member || member->joins != w.join || state_ != group_state::stable)
    return;  // it has joined the round that has begun meanwhile
  const bool is_leader = roster_.is_leader(w.new_id);
  const bool can_skip = w.version >= skip_assignment_version;
  auto body = joined(*member, is_leader && can_skip);
  if (can_skip)
    body.skip_assignment = is_leader;
  else
    body.leader = w.old_leader.value_or("");  // so that it does not take itself for the leader and assign
  roster_.end_join(*member);
  out.reply(w.join, std::move(body));
}

void classic_group::static_member_refused(const stored_static_member& w, error_code why, moment now, outbox& out) {
  auto* member = roster_.find(w.new_id);
  if (!member || member->joins != w.join || state_ != group_state::stable)
    return;
  end_join(*member, why, "", out);
  roster_.set_protocols(*member, w.before.protocols);
  member->rebalance_timeout = w.before.rebalance_timeout;
  member->session_timeout = w.before.session_timeout;
  sessions_.disarm(w.new_id);
  auto& old = roster_.rename(w.new_id, w.old_id);
  if (pending_syncs_.erase(w.new_id) > 0)
    pending_syncs_.insert(w.old_id);
  arm(old, now);
}

}  // namespace troupe::group
