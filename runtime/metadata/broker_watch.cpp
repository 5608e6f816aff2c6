#include "runtime/metadata/broker_watch.hpp"

#include <algorithm>

namespace troupe::metadata {

void broker_watch::begin(const image& on, monotonic_time now) {
  brokers_.clear();
  for (const auto& [id, b] : on.brokers())
    if (!b->fenced)
      brokers_[id].heard_at = now;
}

void broker_watch::heard(node_id id, std::int64_t applied, monotonic_time now) {
  auto& b = brokers_[id];
  b.heard_at = now;
  b.spoke = true;
  b.applied = std::max(b.applied, applied);
}

bool broker_watch::spoke(node_id id, monotonic_time now, std::chrono::milliseconds session) const {
  const auto found = brokers_.find(id);
  return found != brokers_.end() && found->second.spoke && is_alive(id, now, session);
}

bool broker_watch::is_alive(node_id id, monotonic_time now, std::chrono::milliseconds session) const {
  const auto found = brokers_.find(id);
  return found != brokers_.end() && now - found->second.heard_at <= session;
}

std::vector<node_id> broker_watch::overdue(const image& on, monotonic_time now,
                                           std::chrono::milliseconds session) const {
  std::vector<node_id> out;
  for (const auto& [id, b] : on.brokers())
    if (!b->fenced && !is_alive(id, now, session))
      out.push_back(id);
  return out;
}

void broker_watch::may_stop_after(node_id id, std::int64_t index) {
  auto& b = brokers_[id];
  if (b.stop_after < 0)
    b.stop_after = index;
}

bool broker_watch::is_stuck(const image& on, node_id id, std::int32_t leads, monotonic_time now,
                            std::chrono::milliseconds patience) {
  auto& b = brokers_[id];
  if (b.leads != leads) {
    b.leads = leads;
    b.leads_since = now;
  }
  const bool alone = std::none_of(on.brokers().begin(), on.brokers().end(), [id](const auto& other) {
    return other.first != id && !other.second->fenced;
  });
  return alone || now - b.leads_since >= patience;
}

bool broker_watch::may_stop(const image& on, node_id id) const {
  const auto found = brokers_.find(id);
  if (found == brokers_.end() || found->second.stop_after < 0)
    return false;
  return std::all_of(brokers_.begin(), brokers_.end(), [&](const auto& other) {
    const auto registered = on.find_broker(other.first);
    return other.first == id || !registered || registered->fenced || other.second.applied >= found->second.stop_after;
  });
}

}  // namespace troupe::metadata
