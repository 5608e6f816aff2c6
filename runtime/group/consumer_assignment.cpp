#include "runtime/base/mutation.hpp"
#include "runtime/group/consumer_group.hpp"
#include "runtime/group/errors.hpp"
#include "runtime/group/name_pattern.hpp"
#include "runtime/group/refusal.hpp"

#include <algorithm>

// The target assignment of the group, and how each member comes nearer to it.
namespace troupe::group {

using kafka::error_code;

namespace {

error bad_assignment(const assignor& by, const std::string& what) {
  return make_error(errc::bad_assignment, "assignor " + std::string{by.name()} + ": " + what);
}

/// An assignor may be anybody's: two readers of one partition would break what a group promises.
error check(const assignor& by, const assignment_task& task, const group_assignment& made) {
  std::map<topic_id, std::set<std::int32_t>> taken;
  for (const auto& [id, target] : made) {
    const auto member = task.members.find(id);
    if (member == task.members.end())
      return bad_assignment(by, "assigns to " + id + ", who is not a member");
    for (const auto& [topic, partitions] : target) {
      if (!member->second.topics.contains(topic))
        return bad_assignment(by, "assigns to " + id + " what it is not subscribed to");
      for (const auto partition : partitions)
        if (partition < 0 || partition >= task.partitions.at(topic) || !taken[topic].insert(partition).second)
          return bad_assignment(by, "assigns partition " + std::to_string(partition) + " of " + to_string(topic)
                                        + " twice, or there is none");
    }
  }
  return {};
}

topic_partitions in_order(topic_partitions target) {
  for (auto& [topic, partitions] : target)
    std::ranges::sort(partitions);
  std::erase_if(target, [](const auto& topic) { return topic.second.empty(); });
  return target;
}

}  // namespace

/// Another epoch if members, subscriptions or topics have changed; another target for it when its time has come.
void consumer_group::catch_up(step& s) {
  const bool sees_change = in_->facts != seen_;
  if (!sees_change && !s.is_changed && state_.epoch() == state_.target_epoch())
    return;
  if (in_->facts && (sees_change || s.is_changed)) {
    match_patterns(s);
    seen_ = in_->facts;
    const auto hash = topics_hash(subscriptions(), *in_->facts);
    if (s.is_changed || (hash != state_.metadata_hash() && !state_.all().empty())) {
      put(s, consumer_group_record{{id_}, kafka::consumer_group_metadata_value{state_.epoch() + 1, hash}});
      s.notes.push_back("epoch " + std::to_string(state_.epoch()) + " has " + std::to_string(state_.all().size())
                        + " members");
    }
  }
  if (state_.all().empty() || state_.epoch() <= state_.target_epoch())
    return;
  const auto own = in_->facts ? in_->facts->settings_of(id_).assignment_interval : std::nullopt;
  const auto interval = own.value_or(in_->with.assignment_interval);
  if (assigned_at_ && s.now.at < *assigned_at_ + interval) {
    assignment_due_ = *assigned_at_ + interval;
    return;
  }
  assign(s);
}

/// Patterns that members have and nobody has matched yet, those whose topics have changed, and those that nobody has.
void consumer_group::match_patterns(step& s) {
  std::set<std::string> used;
  for (const auto& [id, member] : state_.all())
    if (member->pattern)
      used.insert(*member->pattern);
  std::vector<std::string> unused;
  for (const auto& [pattern, topics] : state_.patterns())
    if (!used.contains(pattern))
      unused.push_back(pattern);
  for (const auto& pattern : unused)
    put(s, regular_expression_record{{id_, pattern}, std::nullopt});
  for (const auto& text : used) {
    const auto* known = state_.matches(text);
    if (known && in_->facts == seen_)
      continue;
    const name_pattern pattern{text};
    std::set<std::string> topics;
    in_->facts->for_each_topic([&](const std::string& name) {
      if (pattern.is_sound() && pattern.matches(name))
        topics.insert(name);
    });
    if (known && *known == topics)
      continue;
    regular_expression_record record{{id_, text}, std::nullopt};
    auto& found = record.value.emplace();
    found.topics.assign(topics.begin(), topics.end());
    found.timestamp = to_ms(s.now.wall);
    put(s, record);
    s.is_changed = true;
  }
}

assignment_task consumer_group::task() const {
  assignment_task out;
  for (const auto& [id, member] : state_.all()) {
    assignable_member one{member->instance, member->rack, {}, state_.target(id)};
    for (const auto& name : state_.subscription(*member)) {
      if (const auto topic = in_->facts->find_topic(name)) {
        one.topics.insert(topic->id);
        out.partitions.emplace(topic->id, topic->partitions);
      }
    }
    out.members.emplace(id, std::move(one));
  }
  return out;
}

/// The one that most members would like; the node's first one among equals.
const assignor& consumer_group::preferred_assignor() const {
  std::map<std::string_view, std::size_t> wishes;
  for (const auto& [id, member] : state_.all())
    if (member->assignor)
      ++wishes[*member->assignor];
  const assignor* best = in_->assignors.front().get();
  std::size_t most = 0;
  for (const auto& one : in_->assignors) {
    const auto found = wishes.find(one->name());
    if (found != wishes.end() && found->second > most) {
      most = found->second;
      best = one.get();
    }
  }
  return *best;
}

void consumer_group::assign(step& s) {
  const auto& by = preferred_assignor();
  const auto what = task();
  auto made = by.assign(what);
  auto failure = made ? check(by, what, *made) : made.error();
  if (failure) {
    s.notes.push_back("cannot be assigned anew: " + render(failure));
    return;
  }
  for (const auto& [id, member] : what.members) {
    const auto found = made->find(id);
    auto target = found == made->end() ? topic_partitions{} : in_order(std::move(found->second));
    if (target != state_.target(id))
      put(s, target_record(id_, id, target));
  }
  put(s, target_epoch_record{{id_}, kafka::consumer_group_target_assignment_metadata_value{state_.epoch(),
                                                                                          to_ms(s.now.wall)}});
  assigned_at_ = s.now.at;
  assignment_due_.reset();
}

/// Null when the member has to join anew.
std::optional<consumer_member> consumer_group::reconcile(step& s, const guest& g, const consumer_member& member) {
  if (member.is_reconciled_to(state_.target_epoch()))
    return member;
  const auto is_held = [&](const topic_id& topic, std::int32_t partition) {
    return !mutation("M30") && state_.is_held(topic, partition);
  };
  auto next = reconciled(member, {state_.target_epoch(), state_.target(member.id), is_held,
                                  g.said ? &*g.said : nullptr});
  if (next && *next != member) {
    put(s, assignment_record(id_, *next));
    if (next->progress == member_progress::unrevoked && !next->classic)
      revocations_.arm(next->id, s.now.at + next->rebalance_timeout);
    else
      revocations_.disarm(next->id);
  }
  return next;
}

/// Brings the member as near to its target as can be, and answers it.
void consumer_group::welcome(step& s, const guest& g) {
  const auto refuse_guest = [&](const refusal& why) {
    if (!g.protocol)
      return refuse(s, g.who, why);
    reply(s, g.who, join_refused(why.code, g.member));
  };
  const auto* member = state_.find(g.member);
  if (!member)  // it has left behind its own request
    return refuse_guest({error_code::unknown_member_id,
                         "Member " + g.member + " is not a member of group " + id_ + "."});
  if (state_.target_epoch() == 0)
    return refuse_guest({error_code::unknown_server_error, "The group has no assignment; see the coordinator's log."});
  const auto known = *member;
  const auto next = reconcile(s, g, known);
  if (!next)
    return refuse_guest({error_code::fenced_member_epoch,
                         "The consumer group member is in a unknown state. The member must abandon all its "
                         "partitions and rejoin."});
  sessions_.arm(next->id, s.now.at + session_of(*next));
  if (g.protocol) {
    kafka::join_group_response body;
    body.member_id = next->id;
    body.generation_id = next->epoch;
    body.protocol_type = consumer_protocol;
    body.protocol_name = *g.protocol;
    joins_.disarm(next->id);
    syncs_.arm(next->id, s.now.at + next->rebalance_timeout);
    return reply(s, g.who, std::move(body));
  }
  kafka::consumer_group_heartbeat_response body;
  body.member_id = next->id;
  body.member_epoch = next->epoch;
  const auto own = in_->facts ? in_->facts->settings_of(id_).heartbeat_interval : std::nullopt;
  body.heartbeat_interval_ms =
    static_cast<std::int32_t>(own.value_or(in_->with.consumer_heartbeat_interval).count());
  if (g.wants_all || next->owned != g.had) {
    auto& given = body.assignment.emplace();
    for (auto& [topic, partitions] : without_epochs(next->owned))
      given.topic_partitions.push_back({topic, std::move(partitions)});
  }
  reply(s, g.who, std::move(body));
}

}  // namespace troupe::group
