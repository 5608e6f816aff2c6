#include "runtime/group/consumer_group.hpp"
#include "runtime/group/identity.hpp"
#include "runtime/group/refusal.hpp"

#include <algorithm>

// Members of the classic protocol in a consumer group (KIP-848, online migration). A generation is an epoch: they are
// told to join again when there is another one, and are given by SyncGroup what others are given by heartbeats.
namespace troupe::group {

using kafka::error_code;
using std::chrono::milliseconds;

namespace {

/// First version whose members must come back with the id that they are given (KIP-394).
constexpr std::int16_t known_id_version = 4;

template <class Body>
Body failed(error_code code) {
  Body body;
  body.error_code = kafka::code_of(code);
  return body;
}

classic_ways ways_of(const kafka::join_group_request& r) {
  classic_ways out{milliseconds{r.session_timeout_ms}, r.protocols};
  for (auto& protocol : out.protocols)
    protocol.metadata = byte_slice::copy_of(protocol.metadata);
  return out;
}

}  // namespace

topic_partitions consumer_group::by_id(const named_partitions& partitions) const {
  topic_partitions out;
  for (const auto& [name, numbers] : partitions)
    if (const auto topic = in_->facts->find_topic(name); topic && !numbers.empty())
      out[topic->id] = numbers;
  return out;
}

named_partitions consumer_group::by_name(const topic_partitions& partitions) const {
  named_partitions out;
  for (const auto& [id, numbers] : partitions)
    if (const auto topic = in_->facts->find_topic(id))
      out[topic->name] = numbers;
  return out;
}

/// Consumers that share a protocol with all other classic members.
bool consumer_group::understands(const kafka::join_group_request& r) const {
  if (r.protocol_type != consumer_protocol || r.protocols.empty())
    return false;
  std::size_t bytes = 0;
  for (const auto& protocol : r.protocols)
    bytes += protocol.name.size() + protocol.metadata.size();
  if (bytes > bounds::member_metadata_bytes_max)
    return false;
  return std::ranges::any_of(r.protocols, [&](const auto& offered) {
    return std::ranges::all_of(state_.all(), [&](const auto& entry) {
      const auto& ways = entry.second->classic;
      return !ways || entry.first == r.member_id
             || std::ranges::any_of(ways->protocols, [&](const auto& p) { return p.name == offered.name; });
    });
  });
}

void consumer_group::take(step& s, const caller& who, const kafka::join_group_request& r) {
  const auto refuse_join = [&](error_code code, const std::string& member) {
    reply(s, who, join_refused(code, member));
  };
  if (is_full(r.member_id))
    return refuse_join(error_code::group_max_size_reached, "");
  const auto subscription = r.protocols.empty() ? std::nullopt : parse_subscription(r.protocols.front().metadata);
  if (!understands(r) || !subscription)
    return refuse_join(error_code::inconsistent_group_protocol, r.member_id);
  const auto* twin = r.group_instance_id ? state_.find_static(*r.group_instance_id) : nullptr;
  if (would_be_classic_without(twin && !twin->classic ? &twin->id : nullptr)) {
    if (twin)
      remove(s, twin->id);
    waiting_.push_front({who, r});  // it is the classic group's to answer
    successor_ = to_classic(s);
    return;
  }
  auto id = r.member_id;
  if (id.empty()) {
    id = new_member_id(r.group_instance_id.value_or(who.client_id), *in_->random);
    if (!r.group_instance_id && who.version >= known_id_version)
      return refuse_join(error_code::member_id_required, id);
  }
  consumer_member known;
  if (const auto why = find_classic_place(s, r, id, known))
    return refuse_join(*why, r.member_id);
  auto next = known;
  next.client_id = who.client_id;
  next.client_host = who.client_host;
  next.instance = r.group_instance_id;
  if (!subscription->rack.value_or("").empty())
    next.rack = subscription->rack;
  next.rebalance_timeout = milliseconds{r.rebalance_timeout_ms};
  next.topics = subscription->topics;
  std::ranges::sort(next.topics);
  const auto again = std::ranges::unique(next.topics);
  next.topics.erase(again.begin(), again.end());
  next.pattern.reset();
  next.assignor.reset();
  next.classic = ways_of(r);
  update(s, known, std::move(next));
  s.guests.push_back({who, id, known.owned, by_id(subscription->owned), true, r.protocols.front().name});
}

/// The member as it is known, or as a new one.
std::optional<error_code> consumer_group::find_classic_place(step& s, const kafka::join_group_request& r,
                                                             const std::string& id, consumer_member& out) {
  const auto* known = r.group_instance_id ? state_.find_static(*r.group_instance_id) : state_.find(id);
  if (!known) {
    if (r.group_instance_id && !r.member_id.empty())
      return error_code::unknown_member_id;
    out.id = id;
    return std::nullopt;
  }
  if (known->id == id) {
    out = *known;
    return std::nullopt;
  }
  if (!r.member_id.empty())
    return error_code::fenced_instance_id;
  out = replaced(s, *known, id);
  return std::nullopt;
}

error_code consumer_group::find_named(const std::string& id, const std::optional<std::string>& instance,
                                      const consumer_member*& out) const {
  out = instance ? state_.find_static(*instance) : state_.find(id);
  if (!out)
    return error_code::unknown_member_id;
  return instance && out->id != id && !id.empty() ? error_code::fenced_instance_id : error_code::none;
}

/// Whether a request of a classic member is in order; `out` is the member then.
error_code consumer_group::check_classic(const std::string& id, const std::optional<std::string>& instance,
                                         std::int32_t generation, const consumer_member*& out) const {
  if (const auto code = find_named(id, instance, out); code != error_code::none)
    return code;
  if (!out->classic)
    return error_code::unknown_member_id;
  return generation != out->epoch ? error_code::illegal_generation : error_code::none;
}

void consumer_group::take(step& s, const caller& who, const kafka::sync_group_request& r) {
  using body = kafka::sync_group_response;
  const consumer_member* member = nullptr;
  if (const auto code = check_classic(r.member_id, r.group_instance_id, r.generation_id, member);
      code != error_code::none)
    return reply(s, who, failed<body>(code));
  const auto& used = member->classic->protocols.front();
  if ((r.protocol_type && *r.protocol_type != consumer_protocol) || (r.protocol_name && *r.protocol_name != used.name))
    return reply(s, who, failed<body>(error_code::inconsistent_group_protocol));
  // Who still has partitions to give up has joined already, and is to hear which.
  if (member->epoch < state_.epoch() && member->progress != member_progress::unrevoked)
    return reply(s, who, failed<body>(error_code::rebalance_in_progress));
  syncs_.disarm(member->id);
  sessions_.arm(member->id, s.now.at + session_of(*member));
  const auto subscription = parse_subscription(used.metadata);
  body told;
  told.protocol_type = consumer_protocol;
  told.protocol_name = used.name;
  told.assignment = encode_assignment(subscription ? subscription->version : std::int16_t{0},
                                      by_name(without_epochs(member->owned)));
  reply(s, who, std::move(told));
}

void consumer_group::take(step& s, const caller& who, const kafka::heartbeat_request& r) {
  using body = kafka::heartbeat_response;
  const consumer_member* member = nullptr;
  if (const auto code = check_classic(r.member_id, r.group_instance_id, r.generation_id, member);
      code != error_code::none)
    return reply(s, who, failed<body>(code));
  sessions_.arm(member->id, s.now.at + session_of(*member));
  const auto waits_in_vain = [&] {
    for (const auto& [topic, partitions] : state_.target(member->id)) {
      const auto owned = member->owned.find(topic);
      for (const auto partition : partitions)
        if ((owned == member->owned.end() || !owned->second.contains(partition)) && state_.is_held(topic, partition))
          return false;
    }
    return true;
  };
  const bool is_to_join = member->epoch < state_.epoch() || member->progress == member_progress::unrevoked
                          || (member->progress == member_progress::unreleased && waits_in_vain());
  if (is_to_join && !joins_.is_armed(member->id))
    joins_.arm(member->id, s.now.at + member->rebalance_timeout);
  reply(s, who, failed<body>(is_to_join ? error_code::rebalance_in_progress : error_code::none));
}

void consumer_group::take(step& s, const caller& who, const kafka::leave_group_request& r) {
  kafka::leave_group_response body;
  for (const auto& one : r.members)
    body.members.push_back(take_out(s, one));
  reply(s, who, std::move(body));
}

/// Members of either protocol: administrators take them out like this.
kafka::leave_group_response::member_response
consumer_group::take_out(step& s, const kafka::leave_group_request::member_identity& who) {
  kafka::leave_group_response::member_response out;
  out.member_id = who.member_id;
  out.group_instance_id = who.group_instance_id;
  const consumer_member* member = nullptr;
  const auto code = find_named(who.member_id, who.group_instance_id, member);
  out.error_code = kafka::code_of(code);
  if (code == error_code::none) {
    out.member_id = member->id;
    s.notes.push_back("member " + member->id + " has left" + (who.reason ? "; the client says: " + quoted(*who.reason)
                                                                         : ""));
    remove(s, member->id);
  }
  return out;
}

}  // namespace troupe::group
