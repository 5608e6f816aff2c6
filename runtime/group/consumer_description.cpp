#include "runtime/group/consumer_group.hpp"

// What is told of a consumer group, all of it committed, and which commits it takes.
namespace troupe::group {

using kafka::error_code;

namespace {

constexpr std::int8_t classic_type = 0, consumer_type = 1;

}  // namespace

std::string_view consumer_group::state_name() const {
  const auto& state = settled();
  if (is_dead_)
    return "Dead";
  if (state.all().empty())
    return "Empty";
  if (state.epoch() > state.target_epoch())
    return "Assigning";
  for (const auto& [id, member] : state.all())
    if (!member->is_reconciled_to(state.target_epoch()))
      return "Reconciling";
  return "Stable";
}

kafka::list_groups_response::group consumer_group::listing() const {
  kafka::list_groups_response::group out;
  out.group_id = id_;
  out.protocol_type = consumer_protocol;
  out.group_state = state_name();
  out.group_type = "consumer";
  return out;
}

kafka::describe_groups_response::group consumer_group::description(std::int16_t version) const {
  constexpr std::int16_t not_found_version = 6;
  kafka::describe_groups_response::group out;
  out.group_id = id_;
  out.group_state = "Dead";
  if (version >= not_found_version) {
    out.error_code = kafka::code_of(error_code::group_id_not_found);
    out.error_message = "Group " + id_ + " is not a classic group.";
  }
  return out;
}

kafka::consumer_group_describe_response::group consumer_group::consumer_description() const {
  using assignment = kafka::consumer_group_describe_response::member_assignment;
  const auto named = [&](const topic_partitions& partitions) {
    assignment out;
    for (const auto& [id, numbers] : partitions)
      if (const auto topic = in_->facts ? in_->facts->find_topic(id) : std::nullopt)
        out.topic_partitions.push_back({id, topic->name, numbers});
    return out;
  };
  const auto& state = settled();
  kafka::consumer_group_describe_response::group out;
  out.group_id = id_;
  out.group_state = state_name();
  out.group_epoch = state.epoch();
  out.assignment_epoch = state.target_epoch();
  out.assignor_name = preferred_assignor().name();
  for (const auto& [id, member] : state.all()) {
    auto& m = out.members.emplace_back();
    m.member_id = id;
    m.instance_id = member->instance;
    m.rack_id = member->rack;
    m.member_epoch = member->epoch;
    m.client_id = member->client_id;
    m.client_host = member->client_host;
    m.subscribed_topic_names = member->topics;
    m.subscribed_topic_regex = member->pattern.value_or("");
    auto held = member->owned;  // what it is asked to give up is still its own
    for (const auto& [topic, partitions] : member->revoking)
      held[topic].insert(partitions.begin(), partitions.end());
    m.assignment = named(without_epochs(held));
    m.target_assignment = named(state.target(id));
    m.member_type = member->classic ? classic_type : consumer_type;
  }
  return out;
}

/// A member may be behind in epochs as long as the partition was its own since the epoch that it names (KIP-1251).
error_code consumer_group::admit_commit(const caller& who, const kafka::offset_commit_request& r, bool in_transaction,
                                        moment) {
  constexpr std::int16_t epoch_version = 9;
  const auto epoch = r.generation_id_or_member_epoch;
  if (is_dead_)
    return error_code::coordinator_not_available;
  if (epoch < 0 && state_.all().empty())
    return error_code::none;  // a consumer without group, or an administrator
  if (epoch < 0 && r.member_id.empty() && !r.group_instance_id && in_transaction)
    return error_code::none;  // old producers name no member
  const auto* member = state_.find(r.member_id);
  if (!member)
    return error_code::unknown_member_id;
  const bool is_classic = member->classic.has_value();
  if (!is_classic && !in_transaction && who.version < epoch_version)
    return error_code::unsupported_version;
  if (epoch == member->epoch)
    return error_code::none;
  const auto stale = is_classic ? error_code::illegal_generation : error_code::stale_member_epoch;
  if (epoch > member->epoch)
    return stale;
  const auto since = [&](const held_partitions& held, const topic_id& topic, std::int32_t partition) {
    const auto found = held.find(topic);
    if (found == held.end() || !found->second.contains(partition))
      return std::optional<std::int32_t>{};
    return std::optional{found->second.at(partition)};
  };
  for (const auto& topic : r.topics) {
    for (const auto& p : topic.partitions) {
      auto given = since(member->owned, topic.topic_id, p.partition_index);
      if (!given)
        given = since(member->revoking, topic.topic_id, p.partition_index);
      if (!given || epoch < *given)
        return stale;
    }
  }
  return error_code::none;
}

error_code consumer_group::admit_fetch(const std::optional<std::string>& member, std::int32_t epoch) const {
  if (!member && epoch < 0)
    return error_code::none;
  const auto* known = member ? settled().find(*member) : nullptr;
  if (!known)
    return error_code::unknown_member_id;
  if (epoch == known->epoch)
    return error_code::none;
  return known->classic ? error_code::illegal_generation : error_code::stale_member_epoch;
}

}  // namespace troupe::group
