#include "runtime/authority/random.hpp"
#include "runtime/group/consumer_group.hpp"

#include <algorithm>

// Members of the consumer protocol: who gets in, what their heartbeats change, who leaves.
namespace troupe::group {

using kafka::error_code;
using std::chrono::milliseconds;
using heartbeat_request = kafka::consumer_group_heartbeat_request;

namespace {

constexpr std::int32_t joins = 0, leaves = -1, leaves_for_a_while = consumer_member::gone_for_a_while;

bool is_given(const std::optional<std::string>& text) {
  return text && !text->empty();
}

std::optional<topic_partitions> owned_by_word(const heartbeat_request& r) {
  if (!r.topic_partitions)
    return std::nullopt;
  topic_partitions out;
  for (const auto& part : *r.topic_partitions) {
    auto& partitions = out[part.topic_id];
    partitions.insert(partitions.end(), part.partitions.begin(), part.partitions.end());
    std::ranges::sort(partitions);
  }
  std::erase_if(out, [](const auto& topic) { return topic.second.empty(); });
  return out;
}

/// What the request says of its member; what it leaves out is as it was.
void take_over(consumer_member& member, const caller& who, const heartbeat_request& r) {
  member.client_id = who.client_id;
  member.client_host = who.client_host;
  member.classic.reset();
  if (r.instance_id)
    member.instance = r.instance_id;
  if (r.rack_id)
    member.rack = r.rack_id;
  if (r.rebalance_timeout_ms != -1)
    member.rebalance_timeout = milliseconds{r.rebalance_timeout_ms};
  if (r.server_assignor)
    member.assignor = r.server_assignor;
  if (r.subscribed_topic_names) {
    member.topics = *r.subscribed_topic_names;
    std::ranges::sort(member.topics);
    const auto again = std::ranges::unique(member.topics);
    member.topics.erase(again.begin(), again.end());
  }
  if (r.subscribed_topic_regex)
    member.pattern = is_given(r.subscribed_topic_regex) ? r.subscribed_topic_regex : std::nullopt;
}

}  // namespace

void consumer_group::take(step& s, const caller& who, heartbeat_request r) {
  if (r.member_epoch < joins)
    return take_leave(s, who, r);
  if (is_full(r.member_id))
    return refuse(s, who, {error_code::group_max_size_reached,
                           "The consumer group has reached its maximum capacity of "
                               + std::to_string(in_->with.consumers_max) + " members."});
  if (former_ && state_.all().empty())
    begin_upgrade(s);
  if (r.member_id.empty())
    r.member_id = to_string(new_topic_id(*in_->random));
  auto said = owned_by_word(r);
  consumer_member known;
  if (const auto why = find_place(s, r, said, known))
    return refuse(s, who, *why);
  const auto had = known.owned;
  auto next = known;
  take_over(next, who, r);
  update(s, known, std::move(next));
  const bool tells_all = r.rebalance_timeout_ms != -1 && r.topic_partitions
                         && (r.subscribed_topic_names || r.subscribed_topic_regex);
  s.guests.push_back({who, r.member_id, had, std::move(said), r.member_epoch == joins || tells_all, std::nullopt});
}

/// The member as it is known, or as a new one; a static member that is back has its former self's place.
std::optional<refusal> consumer_group::find_place(step& s, const heartbeat_request& r,
                                                                  const std::optional<topic_partitions>& said,
                                                                  consumer_member& out) {
  const bool is_new = r.member_epoch == joins;
  const auto* known = r.instance_id ? state_.find_static(*r.instance_id) : state_.find(r.member_id);
  if (!known) {
    if (!is_new && r.instance_id)
      return refusal{error_code::unknown_member_id, "Instance id " + *r.instance_id + " is unknown."};
    if (!is_new)
      return refusal{error_code::unknown_member_id,
                     "Member " + r.member_id + " is not a member of group " + id_ + "."};
    if (const auto* other = state_.find(r.member_id))  // it was no static member before
      out = *other;
    out.id = r.member_id;
    return std::nullopt;
  }
  out = *known;
  if (is_new) {
    if (known->id == r.member_id)
      return std::nullopt;
    if (!known->classic && known->epoch != leaves_for_a_while)
      return refusal{error_code::unreleased_instance_id,
                     "Static member " + r.member_id + " with instance id " + *r.instance_id
                         + " cannot join the group because the instance id is owned by " + known->id + " member."};
    out = replaced(s, *known, r.member_id);
    return std::nullopt;
  }
  if (r.instance_id)
    if (const auto why = check_instance(known, *r.instance_id, r.member_id))
      return why;
  return check_epoch(*known, r.member_epoch, said);
}

/// A member may be one epoch behind if it has not heard of the last one and owns no more than that gives it.
std::optional<refusal>
consumer_group::check_epoch(const consumer_member& member, std::int32_t epoch,
                            const std::optional<topic_partitions>& said) const {
  const auto fenced = [&](const char* how) {
    return refusal{error_code::fenced_member_epoch,
                   "The consumer group member has a " + std::string{how} + " member epoch (" + std::to_string(epoch)
                       + ") than the one known by the group coordinator (" + std::to_string(member.epoch)
                       + "). The member must abandon all its partitions and rejoin."};
  };
  if (epoch > member.epoch)
    return fenced("greater");
  if (epoch < member.epoch && (epoch != member.previous_epoch || !said || !is_within(*said, member.owned)))
    return fenced("smaller");
  return std::nullopt;
}

std::optional<refusal> consumer_group::check_instance(const consumer_member* member,
                                                                      const std::string& instance,
                                                                      const std::string& id) const {
  if (!member)
    return refusal{error_code::unknown_member_id, "Instance id " + instance + " is unknown."};
  if (member->id != id)
    return refusal{error_code::fenced_instance_id, "Static member " + id + " with instance id " + instance
                                                       + " was fenced by member " + member->id + "."};
  return std::nullopt;
}

void consumer_group::take_leave(step& s, const caller& who, const heartbeat_request& r) {
  const auto* member = r.instance_id ? state_.find_static(*r.instance_id) : state_.find(r.member_id);
  if (r.instance_id)
    if (const auto why = check_instance(member, *r.instance_id, r.member_id))
      return refuse(s, who, *why);
  if (!member)
    return refuse(s, who, {error_code::unknown_member_id,
                           "Member " + r.member_id + " is not a member of group " + id_ + "."});
  kafka::consumer_group_heartbeat_response body;
  body.member_id = member->id;
  body.member_epoch = r.member_epoch;
  if (r.member_epoch == leaves) {
    s.notes.push_back("member " + member->id + " has left");
    remove(s, member->id);
  } else {
    auto next = *member;
    next.previous_epoch = std::exchange(next.epoch, leaves_for_a_while);
    next.revoking.clear();
    put(s, assignment_record(id_, next));
    revocations_.disarm(next.id);
  }
  reply(s, who, std::move(body));
}

void consumer_group::refuse(step& s, const caller& who, const refusal& why) const {
  kafka::consumer_group_heartbeat_response body;
  body.error_code = kafka::code_of(why.code);
  body.error_message = why.message;
  reply(s, who, std::move(body));
}

}  // namespace troupe::group
