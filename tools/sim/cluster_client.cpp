#include "tools/sim/cluster_client.hpp"

namespace troupe::cluster_sim {

namespace {

using namespace std::chrono_literals;

constexpr std::int16_t metadata_version = 9;
constexpr auto patience = 3s;

}  // namespace

std::optional<cluster_client::leader> cluster_client::leader_of(std::int32_t partition) const {
  const auto found = leaders_.find(partition);
  if (found == leaders_.end() || found->second.at.host.empty())
    return std::nullopt;
  return found->second;
}

void cluster_client::refresh(std::function<void()> then) {
  kafka::metadata_request request;
  request.topics.emplace().emplace_back().name = topic_;
  request.allow_auto_topic_creation = false;
  by_.call<kafka::metadata_response>(any_broker(), request, metadata_version, patience,
                                     [this, then = std::move(then)](expected<kafka::metadata_response> answer) {
                                       if (answer)
                                         learn(*answer);
                                       then();
                                     });
}

void cluster_client::learn(const kafka::metadata_response& m) {
  std::map<std::int32_t, endpoint> brokers;
  for (const auto& b : m.brokers)
    brokers[b.node_id] = {b.host, static_cast<std::uint16_t>(b.port)};
  for (const auto& t : m.topics)
    for (const auto& p : t.partitions) {
      auto& known = leaders_[p.partition_index];
      if (t.name != topic_ || p.leader_epoch < known.epoch)
        continue;
      const auto at = brokers.find(p.leader_id);
      known = {at == brokers.end() ? endpoint{} : at->second, p.leader_epoch};
    }
}

}  // namespace troupe::cluster_sim
