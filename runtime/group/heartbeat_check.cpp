#include "runtime/group/heartbeat_check.hpp"

#include "runtime/group/bounds.hpp"
#include "runtime/group/consumer_member.hpp"
#include "runtime/group/name_pattern.hpp"

namespace troupe::group {

using kafka::error_code;
using heartbeat_request = kafka::consumer_group_heartbeat_request;

namespace {

constexpr std::int32_t joins = 0, leaves_for_a_while = consumer_member::gone_for_a_while;

bool is_blank(const std::optional<std::string>& text) {
  return text && text->empty();
}

refusal wrong(std::string what) {
  return {error_code::invalid_request, std::move(what)};
}

std::optional<refusal> fault_of_names(const heartbeat_request& r) {
  const auto is_long = [](const std::string& name) { return name.size() > bounds::group_id_bytes_max; };
  if (r.group_id.empty())
    return wrong("GroupId can't be empty.");
  if (is_blank(r.instance_id))
    return wrong("InstanceId can't be empty.");
  if (is_blank(r.rack_id))
    return wrong("RackId can't be empty.");
  if (is_long(r.group_id) || is_long(r.member_id) || is_long(r.instance_id.value_or("")))
    return wrong("GroupId, MemberId and InstanceId can't be longer than "
                 + std::to_string(bounds::group_id_bytes_max) + " bytes.");
  return std::nullopt;
}

std::optional<refusal> fault_of_join(const heartbeat_request& r) {
  if (r.rebalance_timeout_ms == -1)
    return wrong("RebalanceTimeoutMs must be provided in first request.");
  if (!r.topic_partitions || !r.topic_partitions->empty())
    return wrong("TopicPartitions must be empty when (re-)joining.");
  if (!r.subscribed_topic_names && !r.subscribed_topic_regex)
    return wrong("Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining.");
  return std::nullopt;
}

std::optional<refusal> fault_of_subscription(const heartbeat_request& r, const assignor_list& assignors) {
  if ((r.subscribed_topic_names && r.subscribed_topic_names->size() > bounds::subscribed_topics_max)
      || r.subscribed_topic_regex.value_or("").size() > bounds::topic_pattern_bytes_max)
    return wrong("A member can't subscribe to more than " + std::to_string(bounds::subscribed_topics_max)
                 + " topics by name, nor by a pattern of more than "
                 + std::to_string(bounds::topic_pattern_bytes_max) + " bytes.");
  if (const name_pattern pattern{r.subscribed_topic_regex.value_or("")}; !pattern.is_sound())
    return refusal{error_code::invalid_regular_expression, "SubscribedTopicRegex `" + *r.subscribed_topic_regex
                                                               + "` is not a valid regular expression: "
                                                               + pattern.fault() + "."};
  if (!r.server_assignor)
    return std::nullopt;
  std::string names;
  for (const auto& one : assignors) {
    if (one->name() == *r.server_assignor)
      return std::nullopt;
    names += (names.empty() ? "" : ", ") + std::string{one->name()};
  }
  return refusal{error_code::unsupported_assignor, "ServerAssignor " + *r.server_assignor
                                                       + " is not supported. Supported assignors: " + names + "."};
}

}  // namespace

std::optional<refusal> fault_of(const heartbeat_request& r, std::int16_t version, const assignor_list& assignors) {
  constexpr std::int16_t own_id_version = 1;  // from which on members make their ids themselves (KIP-1082)
  if (auto why = fault_of_names(r))
    return why;
  if (r.member_epoch < leaves_for_a_while)
    return wrong("MemberEpoch is invalid.");
  if ((r.member_epoch != joins || version >= own_id_version) && r.member_id.empty())
    return wrong("MemberId can't be empty.");
  if (r.member_epoch == leaves_for_a_while && !r.instance_id)
    return wrong("InstanceId can't be null.");
  if (r.member_epoch == joins)
    if (auto why = fault_of_join(r))
      return why;
  return fault_of_subscription(r, assignors);
}

}  // namespace troupe::group
