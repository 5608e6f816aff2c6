#include "runtime/replication/leader.hpp"

#include <algorithm>

namespace troupe::replication {

leader::leader(node_id self, leader_epoch epoch, offset high_watermark)
  : self_(self), epoch_(epoch), high_watermark_(high_watermark), in_sync_{self} {}

void leader::set_in_sync(std::vector<node_id> in_sync_replicas) {
  in_sync_ = std::move(in_sync_replicas);
  advance();
}

void leader::set_rule(commit_rule rule, std::size_t min_in_sync) {
  rule_ = rule;
  min_in_sync_ = min_in_sync;
  advance();
}

bool leader::report(node_id replica, offset log_end, offset durable_end) {
  ends_[replica] = {log_end, durable_end};
  return advance();
}

bool leader::advance() {
  if (in_sync_.empty() || !enough_in_sync())
    return false;
  auto committed = offset{INT64_MAX};
  for (auto replica : in_sync_) {
    const auto known = ends_.find(replica);
    if (known == ends_.end())
      return false;
    const auto& end = known->second;
    committed = std::min(committed, rule_ == commit_rule::durable ? end.durable_end : end.log_end);
  }
  if (committed <= high_watermark_)
    return false;
  high_watermark_ = committed;
  return true;
}

}  // namespace troupe::replication
