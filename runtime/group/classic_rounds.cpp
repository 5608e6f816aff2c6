#include "runtime/group/classic.hpp"
#include "runtime/group/identity.hpp"

#include <algorithm>
#include <vector>

// The rounds: everybody joins (or is left behind), a generation begins, its assignment is awaited.
namespace troupe::group {

using kafka::error_code;
using std::chrono::milliseconds;

/// Begins a round, or sees whether the running one can go on.
void classic_group::rebalance(const std::string& why, moment now, outbox& out) {
  if (state_ == group_state::preparing_rebalance || state_ == group_state::dead)
    complete_join_if_ready(now, out);
  else
    prepare_rebalance(why, now, out);
}

void classic_group::prepare_rebalance(const std::string& why, moment now, outbox& out) {
  if (state_ == group_state::completing_rebalance)
    end_syncs(error_code::rebalance_in_progress, now, out);
  pending_syncs_.clear();
  sync_until_.reset();
  const bool is_first = state_ == group_state::empty;
  move_to(group_state::preparing_rebalance, now);
  note(out, "rebalances after generation " + std::to_string(generation_) + ": " + why);
  if (is_first) {
    // Others may be on their way: one round for all of them is cheaper than a round for each.
    member_was_added_ = false;
    initial_delay_ = options_->initial_rebalance_delay;
    initial_left_ = std::max(roster_.rebalance_timeout() - initial_delay_, milliseconds{0});
    join_until_ = now.at + initial_delay_;
  } else if (all_joined()) {
    complete_join(now, out);
  } else {
    join_until_ = now.at + roster_.rebalance_timeout();
  }
}

/// The first round of a group ends by time alone.
void classic_group::complete_join_if_ready(moment now, outbox& out) {
  if (state_ == group_state::preparing_rebalance && !was_empty_ && all_joined())
    complete_join(now, out);
}

void classic_group::initial_delay_over(moment now, outbox& out) {
  if (!member_was_added_ || initial_left_ == milliseconds{0})
    return complete_join(now, out);
  member_was_added_ = false;
  const auto delay = std::min(options_->initial_rebalance_delay, initial_left_);
  initial_left_ = std::max(initial_left_ - initial_delay_, milliseconds{0});
  initial_delay_ = delay;
  join_until_ = now.at + delay;
}

void classic_group::complete_join(moment now, outbox& out) {
  join_until_.reset();
  if (state_ != group_state::preparing_rebalance)
    return;
  std::vector<std::string> left_behind;
  for (const auto& [id, member] : roster_.all())
    if (!member.joins && !member.instance_id)  // static members keep their place until their session ends
      left_behind.push_back(id);
  for (const auto& id : left_behind) {
    note(out, "member " + id + " did not join in time and is out");
    forget(id);
  }
  if (!roster_.empty() && !roster_.elect_joined_leader()) {
    note(out, "nobody has joined in time; static members are waited for");
    join_until_ = now.at + std::max<milliseconds>(roster_.rebalance_timeout(), bounds::static_members_pause_min);
    return;
  }
  start_generation(now, out);
}

void classic_group::start_generation(moment now, outbox& out) {
  ++generation_;
  pending_syncs_.clear();
  if (roster_.empty()) {
    protocol_.reset();
    find_subscriptions();
    move_to(group_state::empty, now);
    note(out, "is empty in generation " + std::to_string(generation_));
    writes_.emplace(out.append({to_log(group_record{{id_}, to_record({})})}), stored_empty{});
    return;
  }
  protocol_ = roster_.select_protocol();
  find_subscriptions();
  move_to(group_state::completing_rebalance, now);
  note(out, "generation " + std::to_string(generation_) + " has " + std::to_string(roster_.size()) + " members, "
                + std::to_string(roster_.static_count()) + " of them static, protocol " + quoted(*protocol_));
  for (const auto& [id, m] : roster_.all()) {
    auto& member = *roster_.find(id);
    if (const auto join = roster_.end_join(member))
      out.reply(*join, joined(member, roster_.is_leader(id)));
    member.is_new = false;
    arm(member, now);
    pending_syncs_.insert(id);
  }
  sync_until_ = now.at + roster_.rebalance_timeout();
}

void classic_group::sync_overdue(moment now, outbox& out) {
  sync_until_.reset();
  if (pending_syncs_.empty()
      || (state_ != group_state::completing_rebalance && state_ != group_state::stable))
    return;
  std::string names;
  for (const auto& id : std::set<std::string>{pending_syncs_}) {
    names += (names.empty() ? "" : ", ") + id;
    if (auto* member = roster_.find(id))
      end_join(*member, error_code::unknown_member_id, "", out);
    forget(id);
  }
  prepare_rebalance(names + " did not ask for the assignment in time", now, out);
}

void classic_group::session_over(const std::string& id, moment now, outbox& out) {
  if (state_ == group_state::dead)
    return;
  if (pending_joins_.contains(id)) {
    forget(id);
    if (state_ == group_state::preparing_rebalance && all_joined())
      complete_join(now, out);
    return;
  }
  auto* member = roster_.find(id);
  // Whoever waits for us is not silent: the session begins anew with the answer. One that never learnt its id may have
  // given up, and its place would be taken for ever.
  if (!member || (!member->is_new && (member->joins || member->syncs)))
    return;
  note(out, "member " + id + " was silent for too long and is out");
  end_join(*member, error_code::unknown_member_id, "", out);
  forget(id);
  if (state_ == group_state::stable || state_ == group_state::completing_rebalance)
    rebalance("member " + id + " is out", now, out);
  else if (state_ == group_state::preparing_rebalance && all_joined())
    complete_join(now, out);
}

}  // namespace troupe::group
