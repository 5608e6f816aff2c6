#include "runtime/group/classic.hpp"

#include "runtime/base/invariant.hpp"
#include "runtime/base/mutation.hpp"
#include "runtime/group/consumer_protocol.hpp"

#include <algorithm>
#include <array>

namespace troupe::group {

using kafka::error_code;
using std::chrono::milliseconds;

std::string_view name_of(group_state state) {
  constexpr std::array<std::string_view, 5> names{"Empty", "PreparingRebalance", "CompletingRebalance", "Stable",
                                                  "Dead"};
  return names[static_cast<std::size_t>(state)];
}

classic_group::classic_group(std::string id, const options& with, random_source& random, wall_time since)
  : id_(std::move(id)), options_(&with), random_(&random), since_(since) {}

void classic_group::committed(ticket of, moment now, outbox& out) {
  auto node = writes_.extract(of);
  TROUPE_INVARIANT(!node.empty(), "a batch is committed that the group does not wait for");
  is_recorded_ = true;
  if (const auto* member = std::get_if<stored_static_member>(&node.mapped()))
    return static_member_stored(*member, out);
  auto* stored = std::get_if<stored_assignment>(&node.mapped());
  if (!stored || state_ != group_state::completing_rebalance || stored->generation != generation_)
    return;  // the group has moved on, and its members were told to join again
  for (const auto& [id, member] : roster_.all())
    roster_.find(id)->assignment = stored->assignments[id];
  end_syncs(error_code::none, now, out);
  move_to(group_state::stable, now);
}

void classic_group::refused(ticket of, error_code why, moment now, outbox& out) {
  auto node = writes_.extract(of);
  TROUPE_INVARIANT(!node.empty(), "a batch is refused that the group does not wait for");
  note(out, "its record was refused: " + std::string{name_of(why)});
  if (const auto* member = std::get_if<stored_static_member>(&node.mapped()))
    return static_member_refused(*member, why, now, out);
  const auto* stored = std::get_if<stored_assignment>(&node.mapped());
  if (!stored || state_ != group_state::completing_rebalance || stored->generation != generation_)
    return;  // an empty generation that is lost is made again by whoever loads the one before
  end_syncs(why, now, out);
  rebalance("the assignment could not be stored", now, out);
}

void classic_group::tick(moment now, outbox& out) {
  while (auto due = sessions_.take_due(now.at))
    session_over(*due, now, out);
  if (sync_until_ && *sync_until_ <= now.at)
    sync_overdue(now, out);
  if (join_until_ && *join_until_ <= now.at) {
    join_until_.reset();
    if (state_ == group_state::preparing_rebalance && was_empty_)
      initial_delay_over(now, out);
    else
      complete_join(now, out);
  }
}

std::optional<monotonic_time> classic_group::wakes_at() const {
  std::optional<monotonic_time> first = sessions_.next();
  for (const auto& other : {join_until_, sync_until_})
    if (other && (!first || *other < *first))
      first = other;
  return first;
}

void classic_group::abandoned(request_id request, moment now, outbox& out) {
  for (const auto& [id, member] : roster_.all()) {
    if (member.joins == request && member.is_new) {
      note(out, "member " + id + " is gone before it learnt its id");
      session_over(std::string{id}, now, out);
      return;
    }
  }
}

void classic_group::replay(const kafka::group_metadata_value& record) {
  *this = classic_group{id_, *options_, *random_, wall_time{}};
  is_recorded_ = true;
  state_ = record.members.empty() ? group_state::empty : group_state::stable;
  generation_ = record.generation;
  if (!record.protocol_type.empty())
    protocol_type_ = record.protocol_type;
  protocol_ = record.protocol;
  since_.reset();
  if (record.current_state_timestamp != -1)
    since_ = from_ms(record.current_state_timestamp);
  for (const auto& m : record.members) {
    if (roster_.find(m.member_id) || (m.group_instance_id && roster_.static_id(*m.group_instance_id)))
      continue;  // no coordinator writes that, but a log is input
    classic_member member;
    member.id = m.member_id;
    member.instance_id = m.group_instance_id;
    member.client_id = m.client_id;
    member.client_host = m.client_host;
    member.session_timeout = milliseconds{m.session_timeout};
    member.rebalance_timeout = milliseconds{m.rebalance_timeout == -1 ? m.session_timeout : m.rebalance_timeout};
    member.protocols.push_back({protocol_.value_or(""), byte_slice::copy_of(m.subscription)});
    member.assignment = byte_slice::copy_of(m.assignment);
    roster_.add(std::move(member));
  }
  if (record.leader && roster_.find(*record.leader))
    roster_.set_leader(record.leader);
  is_taken_over_ = !record.leader && !roster_.empty();
  find_subscriptions();
}

void classic_group::loaded(moment now, outbox& out) {
  for (const auto& [id, member] : roster_.all())
    arm(member, now);
  start_round("no round has ended since it became a classic group", now, out);
  if (roster_.size() > options_->members_max)
    prepare_rebalance("it has more members than group.max.size allows by now", now, out);
}

void classic_group::end_waits(error_code why, outbox& out) {
  for (const auto& [id, member] : roster_.all()) {
    auto& open = *roster_.find(id);
    end_join(open, why, id, out);
    if (open.syncs) {
      kafka::sync_group_response body;
      body.error_code = kafka::code_of(why);
      out.reply(*std::exchange(open.syncs, std::nullopt), std::move(body));
    }
  }
}

void classic_group::close(error_code why, outbox& out) {
  end_waits(why, out);
  state_ = group_state::dead;
  sessions_ = {};
  join_until_.reset();
  sync_until_.reset();
}

void classic_group::interrupt(outbox& out) {
  end_waits(error_code::rebalance_in_progress, out);
}

void classic_group::take_over(std::int32_t generation, std::vector<classic_member> members) {
  generation_ = generation;
  protocol_type_ = consumer_protocol;
  state_ = group_state::stable;
  is_recorded_ = true;
  is_taken_over_ = true;
  for (auto& member : members)
    roster_.add(std::move(member));
  protocol_ = roster_.select_protocol();
  find_subscriptions();
}

log_record classic_group::record() const {
  std::map<std::string, byte_slice> assignments;
  for (const auto& [id, member] : roster_.all())
    assignments.emplace(id, member.assignment);
  return to_log(group_record{{id_}, to_record(assignments)});
}

void classic_group::start_round(const std::string& why, moment now, outbox& out) {
  if (!std::exchange(is_taken_over_, false))
    return;
  for (const auto& [id, member] : roster_.all())
    arm(member, now);
  rebalance(why, now, out);
}

std::vector<log_record> classic_group::tombstones() const {
  return {to_log(group_record{{id_}, std::nullopt})};
}

void classic_group::begin_deletion() {
  TROUPE_INVARIANT(state_ == group_state::empty, "a group with members is deleted");
  state_ = group_state::dead;
}

void classic_group::end_deletion() {
  TROUPE_INVARIANT(state_ == group_state::dead, "a deletion is taken back that was not begun");
  state_ = group_state::empty;
}

bool classic_group::is_consumers() const {
  return protocol_type_ == consumer_protocol;
}

bool classic_group::is_subscribed_to(const std::string& topic) const {
  return subscribed_ ? subscribed_->contains(topic) : is_consumers();  // unknown: it may be
}

bool classic_group::knows_readers() const {
  return !protocol_type_ || state_ == group_state::empty
         || (is_consumers() && subscribed_ && state_ == group_state::stable);
}

/// From when the group got empty, if it ever was one (KIP-211).
std::optional<wall_time> classic_group::unread_since() const {
  return protocol_type_ && state_ == group_state::empty ? since_ : std::nullopt;
}

error_code classic_group::admit_commit(const caller&, const kafka::offset_commit_request& r, bool in_transaction,
                                       moment now) {
  const auto generation = r.generation_id_or_member_epoch;
  if (state_ == group_state::dead)
    return error_code::coordinator_not_available;
  if (generation < 0 && state_ == group_state::empty)
    return error_code::none;  // a consumer without group, or an administrator
  if (generation < 0 && r.member_id.empty() && !r.group_instance_id)
    return in_transaction ? error_code::none : error_code::unknown_member_id;  // old producers name no member
  if (const auto code = check_member(r.member_id, r.group_instance_id); code != error_code::none)
    return code;
  if (generation != generation_ && !mutation("M29"))
    return error_code::illegal_generation;
  // Its partitions may be another's by now: the member is to join again first.
  if (state_ == group_state::completing_rebalance && !in_transaction)
    return error_code::rebalance_in_progress;
  arm(*roster_.find(r.member_id), now);
  return error_code::none;
}

kafka::describe_groups_response::group classic_group::description(std::int16_t) const {
  kafka::describe_groups_response::group out;
  out.group_id = id_;
  out.group_state = name_of(state_);
  out.protocol_type = protocol_type_.value_or("");
  const bool is_stable = state_ == group_state::stable;
  if (is_stable)
    out.protocol_data = protocol_.value_or("");
  for (const auto& [id, member] : roster_.all()) {
    auto& m = out.members.emplace_back();
    m.member_id = id;
    m.group_instance_id = member.instance_id;
    m.client_id = member.client_id;
    m.client_host = member.client_host;
    m.member_assignment = member.assignment;
    if (is_stable)
      m.member_metadata = member.metadata(out.protocol_data);
  }
  return out;
}

kafka::consumer_group_describe_response::group classic_group::consumer_description() const {
  kafka::consumer_group_describe_response::group out;
  out.group_id = id_;
  out.error_code = kafka::code_of(error_code::group_id_not_found);
  out.error_message = "Group " + id_ + " is not a consumer group.";
  return out;
}

kafka::list_groups_response::group classic_group::listing() const {
  kafka::list_groups_response::group out;
  out.group_id = id_;
  out.protocol_type = protocol_type_.value_or("");
  out.group_state = name_of(state_);
  out.group_type = "classic";
  return out;
}

error_code classic_group::check_member(const std::string& id, const std::optional<std::string>& instance) const {
  if (instance) {
    const auto* current = roster_.static_id(*instance);
    if (!current)
      return error_code::unknown_member_id;
    if (*current != id)
      return error_code::fenced_instance_id;
  }
  return roster_.find(id) ? error_code::none : error_code::unknown_member_id;
}

void classic_group::move_to(group_state next, moment now) {
  was_empty_ = state_ == group_state::empty;
  state_ = next;
  since_ = now.wall;
}

void classic_group::arm(const classic_member& member, moment now) {
  sessions_.arm(member.id, now.at + member.session_timeout);
}

void classic_group::forget(const std::string& id) {
  sessions_.disarm(id);
  roster_.remove(id);
  pending_joins_.erase(id);
  pending_syncs_.erase(id);
}

void classic_group::find_subscriptions() {
  subscribed_.reset();
  if (!is_consumers() || (!roster_.empty() && !protocol_))
    return;
  std::set<std::string> all;
  for (const auto& [id, member] : roster_.all()) {
    auto topics = subscribed_topics(member.metadata(*protocol_));
    if (!topics)
      return;
    all.insert(topics->begin(), topics->end());
  }
  subscribed_ = std::move(all);
}

kafka::group_metadata_value classic_group::to_record(const std::map<std::string, byte_slice>& assignments) const {
  kafka::group_metadata_value out;
  out.protocol_type = protocol_type_.value_or("");
  out.generation = generation_;
  out.protocol = protocol_;
  if (!is_taken_over_)
    out.leader = roster_.leader();
  else
    out.leader.reset();
  out.current_state_timestamp = since_ ? to_ms(*since_) : -1;
  for (const auto& [id, member] : roster_.all()) {
    auto& m = out.members.emplace_back();
    m.member_id = id;
    m.group_instance_id = member.instance_id;
    m.client_id = member.client_id;
    m.client_host = member.client_host;
    m.rebalance_timeout = static_cast<std::int32_t>(member.rebalance_timeout.count());
    m.session_timeout = static_cast<std::int32_t>(member.session_timeout.count());
    m.subscription = member.metadata(protocol_.value_or(""));
    if (const auto found = assignments.find(id); found != assignments.end())
      m.assignment = found->second;
  }
  return out;
}

void classic_group::note(outbox& out, const std::string& what) const {
  out.note("group " + id_ + ": " + what);
}

}  // namespace troupe::group
