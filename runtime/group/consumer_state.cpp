#include "runtime/group/consumer_state.hpp"

#include <algorithm>

namespace troupe::group {

namespace {

/// FNV-1a, which is good enough to notice a change.
class hasher {
 public:
  void add(std::uint64_t number) {
    for (int i = 0; i < 8; ++i, number >>= 8)
      add_byte(static_cast<std::uint8_t>(number));
  }
  void add(const topic_id& id) {
    for (const auto byte : id.bytes)
      add_byte(byte);
  }
  std::int64_t sum() const { return static_cast<std::int64_t>(sum_); }

 private:
  void add_byte(std::uint8_t byte) { sum_ = (sum_ ^ byte) * 1099511628211ULL; }

  std::uint64_t sum_ = 1469598103934665603ULL;
};

}  // namespace

void consumer_state::apply(const consumer_group_record& r) {
  epoch_ = r.value ? r.value->epoch : 0;
  metadata_hash_ = r.value ? r.value->metadata_hash : 0;
}

void consumer_state::apply(const consumer_member_record& r) {
  const auto& id = r.key.member_id;
  if (const auto* before = find(id); before && before->instance)
    if (const auto found = static_ids_.find(*before->instance); found != static_ids_.end() && found->second == id)
      static_ids_.erase(found);
  if (!r.value) {
    if (const auto found = members_.find(id); found != members_.end()) {
      hold(found->second->owned, -1);
      hold(found->second->revoking, -1);
      members_.erase(found);
    }
    return;
  }
  change(id, [&](consumer_member& member) { take(member, *r.value); });
  if (r.value->instance_id)
    static_ids_[*r.value->instance_id] = id;
}

void consumer_state::apply(const target_epoch_record& r) {
  target_epoch_ = r.value ? r.value->assignment_epoch : 0;
}

void consumer_state::apply(const target_member_record& r) {
  if (!r.value) {
    targets_.erase(r.key.member_id);
    return;
  }
  auto target = std::make_shared<topic_partitions>();
  for (const auto& part : r.value->topic_partitions) {
    auto partitions = part.partitions;
    std::ranges::sort(partitions);
    (*target)[part.topic_id] = std::move(partitions);
  }
  targets_[r.key.member_id] = std::move(target);
}

/// A member that is taken out loses its assignment first, in the order of the records.
void consumer_state::apply(const current_assignment_record& r) {
  if (!r.value && !find(r.key.member_id))
    return;
  change(r.key.member_id, [&](consumer_member& member) {
    hold(member.owned, -1);
    hold(member.revoking, -1);
    take(member, r.value.value_or(kafka::consumer_group_current_member_assignment_value{}));
    hold(member.owned, 1);
    hold(member.revoking, 1);
  });
}

void consumer_state::apply(const regular_expression_record& r) {
  if (!r.value) {
    patterns_.erase(r.key.regular_expression);
    return;
  }
  patterns_[r.key.regular_expression] =
    std::make_shared<const std::set<std::string>>(r.value->topics.begin(), r.value->topics.end());
}

const consumer_member* consumer_state::find(const std::string& id) const {
  const auto found = members_.find(id);
  return found == members_.end() ? nullptr : found->second.get();
}

const consumer_member* consumer_state::find_static(const std::string& instance) const {
  const auto found = static_ids_.find(instance);
  return found == static_ids_.end() ? nullptr : find(found->second);
}

const topic_partitions& consumer_state::target(const std::string& member) const {
  static const topic_partitions nothing;
  const auto found = targets_.find(member);
  return found == targets_.end() ? nothing : *found->second;
}

bool consumer_state::is_held(const topic_id& topic, std::int32_t partition) const {
  const auto found = holders_.find(topic);
  return found != holders_.end() && found->second.contains(partition);
}

const std::set<std::string>* consumer_state::matches(const std::string& pattern) const {
  const auto found = patterns_.find(pattern);
  return found == patterns_.end() ? nullptr : found->second.get();
}

std::set<std::string> consumer_state::subscription(const consumer_member& member) const {
  std::set<std::string> out{member.topics.begin(), member.topics.end()};
  if (member.pattern)
    if (const auto* more = matches(*member.pattern))
      out.insert(more->begin(), more->end());
  return out;
}

std::set<std::string> consumer_state::subscriptions() const {
  std::set<std::string> out;
  for (const auto& [id, member] : members_)
    out.merge(subscription(*member));
  return out;
}

std::vector<log_record> consumer_state::tombstones(const std::string& group) const {
  std::vector<log_record> out;
  const auto take_out = [&](const auto& record) { out.push_back(to_log(record, 0)); };
  for (const auto& [id, member] : members_)
    take_out(current_assignment_record{{group, id}, std::nullopt});
  for (const auto& [id, target] : targets_)
    take_out(target_member_record{{group, id}, std::nullopt});
  take_out(target_epoch_record{{group}, std::nullopt});
  for (const auto& [id, member] : members_)
    take_out(consumer_member_record{{group, id}, std::nullopt});
  for (const auto& [pattern, topics] : patterns_)
    take_out(regular_expression_record{{group, pattern}, std::nullopt});
  take_out(consumer_group_record{{group}, std::nullopt});
  return out;
}

void consumer_state::hold(const held_partitions& partitions, int by) {
  for (const auto& [topic, numbers] : partitions) {
    auto& held = holders_[topic];
    for (const auto& [partition, epoch] : numbers)
      if ((held[partition] += by) <= 0)
        held.erase(partition);
    if (held.empty())
      holders_.erase(topic);
  }
}

template <class Change>
void consumer_state::change(const std::string& id, Change by) {
  auto& place = members_[id];
  auto next = place ? std::make_shared<consumer_member>(*place) : std::make_shared<consumer_member>();
  next->id = id;
  by(*next);
  place = std::move(next);
}

std::int64_t topics_hash(const std::set<std::string>& names, const cluster_facts& facts) {
  hasher sum;
  for (const auto& name : names) {
    if (const auto topic = facts.find_topic(name)) {
      sum.add(topic->id);
      sum.add(static_cast<std::uint64_t>(topic->partitions));
    }
  }
  return sum.sum();
}

}  // namespace troupe::group
