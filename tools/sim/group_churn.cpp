#include "tools/sim/group_churn.hpp"

#include <algorithm>

namespace troupe::cluster_sim {

namespace {

constexpr int member_count = 4;  // one more than there are partitions

}  // namespace

group_churn::group_churn(simulated_cluster& cluster, std::vector<std::string>& defects) : oracle_(defects) {
  for (int i = 1; i <= member_count; ++i)
    members_.push_back(std::make_unique<group_member>(cluster.in(), "m" + std::to_string(i), cluster.addresses(),
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
