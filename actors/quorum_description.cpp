#include "actors/quorum_description.hpp"

#include "runtime/kafka/errors.hpp"

#include <algorithm>

namespace troupe {

namespace {

using response = kafka::describe_quorum_response;
using kafka::error_code;

std::int64_t wall_ms(monotonic_time at, moment now) {
  return to_ms(now.wall - std::chrono::duration_cast<std::chrono::milliseconds>(now.monotonic - at));
}

/// So long an observer that has fallen silent is told of, as by Kafka.
constexpr auto observer_memory = std::chrono::minutes{5};

/// A member that the leader has heard nothing of yet has an unknown end.
auto state_of(const raft::view::peer& who, moment now) {
  response::replica_state out;
  out.replica_id = who.id.node.value;
  out.replica_directory_id = who.id.directory.value;
  out.log_end_offset = -1;
  if (who.match == 0)
    return out;
  out.log_end_offset = who.match + 1;
  out.last_fetch_timestamp = wall_ms(who.heard_at, now);
  out.last_caught_up_timestamp = wall_ms(who.caught_up_at, now);
  return out;
}

auto state_of(const raft::member& who, const raft::view& seat, moment now) {
  const auto known = std::find_if(seat.peers.begin(), seat.peers.end(), [&](const auto& p) { return p.id == who; });
  if (known != seat.peers.end())
    return state_of(*known, now);
  auto out = state_of(raft::view::peer{.id = who}, now);
  if (who == seat.leader) {
    out.log_end_offset = seat.last.index + 1;
    out.last_fetch_timestamp = out.last_caught_up_timestamp = to_ms(now.wall);
  }
  return out;
}

void describe(response::partition& out, const raft::view& seat, moment now) {
  out.leader_id = seat.leader.node.value;
  out.leader_epoch = static_cast<std::int32_t>(seat.term);
  out.high_watermark = seat.commit + 1;
  for (const auto& v : seat.voters)
    out.current_voters.push_back(state_of(v.id, seat, now));
  for (const auto& p : seat.peers)
    if (!p.is_voter)
      out.observers.push_back(state_of(p, now));
  for (const auto& p : seat.silent)
    if (now.monotonic - p.heard_at < observer_memory)
      out.observers.push_back(state_of(p, now));
}

}  // namespace

response describe_quorum(const kafka::describe_quorum_request& r, const raft::view& seat, const std::string& listener,
                         moment now) {
  response out;
  const bool known = r.topics.size() == 1 && r.topics[0].topic_name == metadata_topic
                     && r.topics[0].partitions.size() == 1 && r.topics[0].partitions[0].partition_index == 0;
  for (const auto& t : r.topics) {
    auto& topic = out.topics.emplace_back();
    topic.topic_name = t.topic_name;
    for (const auto& p : t.partitions) {
      auto& told = topic.partitions.emplace_back();
      told.partition_index = p.partition_index;
      if (known) {
        describe(told, seat, now);
        continue;
      }
      told.error_code = static_cast<std::int16_t>(error_code::unknown_topic_or_partition);
      told.error_message = std::string{"only partition 0 of "} + metadata_topic + " has a quorum, asked for alone";
    }
  }
  if (known)
    for (const auto& v : seat.voters)
      out.nodes.push_back({v.id.node.value, {{listener, v.host, v.port}}});
  return out;
}

}  // namespace troupe
