#include "runtime/group/consumer_member.hpp"

#include <algorithm>

namespace troupe::group {

namespace {

using std::chrono::milliseconds;

/// What a member has and is to have, taken apart.
struct difference {
  held_partitions kept;
  held_partitions surplus;
  topic_partitions missing;  ///< and held by nobody
  bool waits = false;        ///< something missing is held by somebody
};

bool contains(const topic_partitions& in, const topic_id& topic, std::int32_t partition) {
  const auto found = in.find(topic);
  return found != in.end() && std::ranges::binary_search(found->second, partition);
}

bool contains(const held_partitions& in, const topic_id& topic, std::int32_t partition) {
  const auto found = in.find(topic);
  return found != in.end() && found->second.contains(partition);
}

difference compare(const consumer_member& member, const reconciliation& to) {
  difference out;
  for (const auto& [topic, partitions] : member.owned)
    for (const auto& [partition, epoch] : partitions)
      (contains(to.target, topic, partition) ? out.kept : out.surplus)[topic].emplace(partition, epoch);
  for (const auto& [topic, partitions] : to.target) {
    for (const auto partition : partitions) {
      if (contains(out.kept, topic, partition))
        continue;
      if (to.is_held(topic, partition))
        out.waits = true;
      else
        out.missing[topic].push_back(partition);
    }
  }
  return out;
}

/// Whether the member, as far as it has said, still reads any of `partitions`.
bool still_reads(const topic_partitions* said, const held_partitions& partitions) {
  if (!said)
    return true;
  return std::ranges::any_of(*said, [&](const auto& topic) {
    return std::ranges::any_of(topic.second, [&](auto p) { return contains(partitions, topic.first, p); });
  });
}

consumer_member next(const consumer_member& member, std::int32_t epoch, const reconciliation& to) {
  auto found = compare(member, to);
  auto out = member;
  const auto move_to = [&](std::int32_t e) {
    out.previous_epoch = std::exchange(out.epoch, e);
    out.owned = std::move(found.kept);
  };
  if (!found.surplus.empty() && still_reads(to.said, found.surplus)) {
    move_to(epoch);
    out.progress = member_progress::unrevoked;
    out.revoking = std::move(found.surplus);
    return out;
  }
  move_to(to.target_epoch);
  for (const auto& [topic, partitions] : found.missing)
    for (const auto partition : partitions)
      out.owned[topic].emplace(partition, to.target_epoch);
  out.progress = found.waits ? member_progress::unreleased : member_progress::stable;
  out.revoking.clear();
  return out;
}

/// Partitions with their epochs, as records list them.
template <class Part>
std::vector<Part> listed(const held_partitions& held) {
  std::vector<Part> out;
  for (const auto& [topic, partitions] : held) {
    auto& part = out.emplace_back();
    part.topic_id = topic;
    part.assignment_epochs.emplace();
    for (const auto& [partition, epoch] : partitions) {
      part.partitions.push_back(partition);
      part.assignment_epochs->push_back(epoch);
    }
  }
  return out;
}

/// Records from before there were epochs of partitions have the member's.
template <class Part>
held_partitions held(const std::vector<Part>& listed, std::int32_t member_epoch) {
  held_partitions out;
  for (const auto& part : listed) {
    const bool has_epochs = part.assignment_epochs && part.assignment_epochs->size() == part.partitions.size();
    for (std::size_t i = 0; i < part.partitions.size(); ++i)
      out[part.topic_id].emplace(part.partitions[i], has_epochs ? (*part.assignment_epochs)[i] : member_epoch);
  }
  return out;
}

}  // namespace

topic_partitions without_epochs(const held_partitions& held) {
  topic_partitions out;
  for (const auto& [topic, partitions] : held)
    for (const auto& [partition, epoch] : partitions)
      out[topic].push_back(partition);
  return out;
}

held_partitions with_epoch(const topic_partitions& partitions, std::int32_t epoch) {
  held_partitions out;
  for (const auto& [topic, numbers] : partitions)
    for (const auto partition : numbers)
      out[topic].emplace(partition, epoch);
  return out;
}

bool is_within(const topic_partitions& parts, const held_partitions& whole) {
  return std::ranges::all_of(parts, [&](const auto& topic) {
    return std::ranges::all_of(topic.second, [&](auto p) { return contains(whole, topic.first, p); });
  });
}

std::optional<consumer_member> reconciled(const consumer_member& member, const reconciliation& to) {
  switch (member.progress) {
    case member_progress::stable:
      return member.epoch == to.target_epoch ? member : next(member, member.epoch, to);
    case member_progress::unrevoked:
      return still_reads(to.said, member.revoking) ? member : next(member, member.epoch, to);
    case member_progress::unreleased:
      return next(member, member.epoch, to);
    case member_progress::unknown:
      break;
  }
  if (!to.said || !to.said->empty())
    return std::nullopt;
  return next(member, to.target_epoch, to);
}

consumer_member_record subscription_record(const std::string& group, const consumer_member& member) {
  consumer_member_record out{{group, member.id}, std::nullopt};
  auto& said = out.value.emplace();
  said.instance_id = member.instance;
  said.rack_id = member.rack;
  said.client_id = member.client_id;
  said.client_host = member.client_host;
  said.subscribed_topic_names = member.topics;
  said.subscribed_topic_regex = member.pattern;
  said.rebalance_timeout_ms = static_cast<std::int32_t>(member.rebalance_timeout.count());
  said.server_assignor = member.assignor;
  said.classic_member_metadata.reset();
  if (member.classic) {
    auto& ways = said.classic_member_metadata.emplace();
    ways.session_timeout_ms = static_cast<std::int32_t>(member.classic->session_timeout.count());
    for (const auto& protocol : member.classic->protocols)
      ways.supported_protocols.push_back({protocol.name, protocol.metadata});
  }
  return out;
}

current_assignment_record assignment_record(const std::string& group, const consumer_member& member) {
  current_assignment_record out{{group, member.id}, std::nullopt};
  auto& owns = out.value.emplace();
  using part = kafka::consumer_group_current_member_assignment_value::topic_part;
  owns.member_epoch = member.epoch;
  owns.previous_member_epoch = member.previous_epoch;
  owns.state = static_cast<std::int8_t>(member.progress);
  owns.assigned_partitions = listed<part>(member.owned);
  owns.partitions_pending_revocation = listed<part>(member.revoking);
  return out;
}

target_member_record target_record(const std::string& group, const std::string& member,
                                   const topic_partitions& target) {
  target_member_record out{{group, member}, std::nullopt};
  auto& parts = out.value.emplace().topic_partitions;
  for (const auto& [topic, partitions] : target)
    parts.push_back({topic, partitions});
  return out;
}

void take(consumer_member& member, const kafka::consumer_group_member_metadata_value& said) {
  member.instance = said.instance_id;
  member.rack = said.rack_id;
  member.client_id = said.client_id;
  member.client_host = said.client_host;
  member.topics = said.subscribed_topic_names;
  std::ranges::sort(member.topics);
  const auto again = std::ranges::unique(member.topics);
  member.topics.erase(again.begin(), again.end());
  member.pattern = said.subscribed_topic_regex;
  member.rebalance_timeout = milliseconds{said.rebalance_timeout_ms};
  member.assignor = said.server_assignor;
  member.classic.reset();
  if (const auto& ways = said.classic_member_metadata; ways && !ways->supported_protocols.empty()) {
    auto& classic = member.classic.emplace();
    classic.session_timeout = milliseconds{ways->session_timeout_ms};
    for (const auto& protocol : ways->supported_protocols)
      classic.protocols.push_back({protocol.name, byte_slice::copy_of(protocol.metadata)});
  }
}

void take(consumer_member& member, const kafka::consumer_group_current_member_assignment_value& owns) {
  member.epoch = owns.member_epoch;
  member.previous_epoch = owns.previous_member_epoch;
  const auto is_known = owns.state >= 0 && owns.state <= static_cast<std::int8_t>(member_progress::unreleased);
  member.progress = is_known ? static_cast<member_progress>(owns.state) : member_progress::unknown;
  member.owned = held(owns.assigned_partitions, owns.member_epoch);
  member.revoking = held(owns.partitions_pending_revocation, owns.member_epoch);
}

}  // namespace troupe::group
