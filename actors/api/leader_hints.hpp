#pragma once

#include "actors/api/cluster_calls.hpp"
#include "runtime/metadata/image.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace troupe::api {

/// True when a client with this error asked the wrong node, or with a wrong epoch: it is told who leads (KIP-951).
inline bool deserves_hint(std::int16_t code) {
  return code == static_cast<std::int16_t>(kafka::error_code::not_leader_or_follower)
         || code == static_cast<std::int16_t>(kafka::error_code::fenced_leader_epoch);
}

/// Whether a client that comes to the wrong node had better lose its connection than be told so. Where a node stops,
/// all of its partitions have just got other leaders: a client that cannot be told who leads waits a quarter of a
/// second after that answer, but asks somebody else at once when its connection is gone.
inline bool had_better_go(session_port& in, std::int16_t version, std::int16_t hints_since) {
  return in.context().leaving && version < hints_since;
}

/// Fills in who leads the partitions of a response that were asked at the wrong node, and where those nodes are, so
/// that the client goes there without asking for metadata first. Works for the responses to Produce and Fetch.
template <class Response>
class leader_hints {
 public:
  leader_hints(session_port& in, Response& out)
    : in_(in), out_(out), view_(in.view()), brokers_(brokers_for(in, *view_->image)) {}

  template <class Partition>
  void hint(Partition& told, const std::string& topic, const topic_id& id, partition_index index) {
    const auto found = topic.empty() ? view_->image->find_topic(id) : view_->image->find_topic(topic);
    const auto* now = found ? found->find(index) : nullptr;
    if (!now)
      return;
    const auto at = std::find_if(brokers_.begin(), brokers_.end(), [&](const auto& b) { return b.id == now->leader; });
    // A leader that is gone, or that this node has lost its way to, would only cost the client a time-out.
    if (at == brokers_.end() || is_lost(in_, *view_->image, now->leader))
      return;
    told.current_leader.leader_id = now->leader.value;
    told.current_leader.leader_epoch = now->epoch.value;
    const auto listed = std::any_of(out_.node_endpoints.begin(), out_.node_endpoints.end(),
                                    [&](const auto& n) { return n.node_id == at->id.value; });
    if (!listed)
      out_.node_endpoints.push_back({at->id.value, at->at.host, at->at.port, at->rack});
  }

 private:
  session_port& in_;
  Response& out_;
  std::shared_ptr<const cluster_view> view_;
  std::vector<visible_broker> brokers_;
};

}  // namespace troupe::api
