#include "tools/sim/group_oracle.hpp"

namespace troupe::cluster_sim {

namespace {

constexpr std::size_t defects_max = 20;

}  // namespace

void group_oracle::defect(std::string what) {
  if (defects_.size() < defects_max)
    defects_.push_back("group: " + std::move(what));
}

void group_oracle::owns(std::int32_t generation, std::int32_t partition, const std::string& member) {
  const auto [at, is_first] = owners_.emplace(std::pair{generation, partition}, member);
  if (!is_first && at->second != member)
    defect("partition " + std::to_string(partition) + " belongs to " + at->second + " and to " + member
           + " in generation " + std::to_string(generation));
}

std::int64_t group_oracle::sends(std::int32_t generation, std::int32_t partition) {
  sent_[++next_] = {partition, generation};
  return next_;
}

/// Numbers of one generation and partition come from one member, which has one commit on its way at a time; so the
/// order is that of the generations, and of the numbers in one.
void group_oracle::acknowledged(std::int32_t partition, std::int64_t number) {
  ++acknowledged_count_;
  auto& last = last_[partition];
  const auto generation_of = [this](std::int64_t n) { return n == 0 ? -1 : sent_.at(n).second; };
  if (std::pair{generation_of(number), number} > std::pair{generation_of(last), last})
    last = number;
}

std::int64_t group_oracle::begins_to_read(std::int32_t partition) const {
  const auto found = last_.find(partition);
  return found == last_.end() ? 0 : found->second;
}

void group_oracle::reads(std::int32_t partition, std::int64_t since, std::int64_t told) {
  if (told < 0) {
    if (since > 0)
      defect("offset " + std::to_string(since) + " of partition " + std::to_string(partition)
             + " was acknowledged, and none is there");
    return;
  }
  const auto found = sent_.find(told);
  if (found == sent_.end() || found->second.first != partition)
    return defect("offset " + std::to_string(told) + " of partition " + std::to_string(partition)
                  + " was never committed");
  if (since == 0)
    return;
  if (std::pair{found->second.second, told} < std::pair{sent_.at(since).second, since})
    defect("offset " + std::to_string(since) + " of partition " + std::to_string(partition)
           + " was acknowledged, then the older " + std::to_string(told) + " was read");
}

}  // namespace troupe::cluster_sim
