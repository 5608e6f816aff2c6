#include "tools/sim/group_churn.hpp"

#include "tools/sim/consumer_member.hpp"
#include "tools/sim/group_member.hpp"

#include <algorithm>

namespace troupe::cluster_sim {

namespace {

constexpr int classic_count = 4;  // one more than there are partitions
constexpr int consumer_count = 2;

}  // namespace

group_churn::group_churn(simulated_cluster& cluster, group_protocol by, std::vector<std::string>& defects)
  : oracle_(defects) {
  if (by == group_protocol::classic)
    for (int i = 1; i <= classic_count; ++i)
      members_.push_back(std::make_unique<group_member>(cluster.in(), "m" + std::to_string(i), cluster.addresses(),
                                                        oracle_));
  else
    for (int i = 1; i <= consumer_count; ++i)
      members_.push_back(std::make_unique<consumer_member>(cluster.in(), "g" + std::to_string(i), cluster.addresses(),
                                                           oracle_));
}

void group_churn::start() {
  for (auto& m : members_)
    m->start();
}

void group_churn::settle() {
  for (auto& m : members_)
    m->settle();
}

bool group_churn::is_settled() const {
  const auto generation = members_.front()->generation();
  std::size_t owned = 0;
  for (const auto& m : members_) {
    if (!m->is_settled() || m->generation() != generation)
      return false;
    owned += m->owned_count();
  }
  return owned == static_cast<std::size_t>(simulated_cluster::partition_count);
}

void group_churn::stop() {
  for (auto& m : members_)
    m->stop();
}

std::string group_churn::describe() const {
  std::string out;
  for (const auto& m : members_)
    out += (out.empty() ? "" : "; ") + m->describe();
  return out;
}

}  // namespace troupe::cluster_sim
