#include "runtime/replication/leader.hpp"

#include "runtime/base/mutation.hpp"

#include <algorithm>

namespace troupe::replication {

namespace {

bool holds(const std::vector<node_id>& nodes, node_id id) {
  return std::find(nodes.begin(), nodes.end(), id) != nodes.end();
}

}  // namespace

leader::leader(node_id self, leader_epoch epoch, offset high_watermark, offset log_end)
  : self_(self), epoch_(epoch), epoch_start_(log_end), high_watermark_(high_watermark) {
  members_.replicas = members_.in_sync = {self};
  members_.partition_epoch = -1;
}

bool leader::set_members(membership decided) {
  if (decided.partition_epoch < members_.partition_epoch)
    return false;
  if (wish_ && decided.partition_epoch > wish_->partition_epoch)
    wish_.reset();
  members_ = std::move(decided);
  std::erase_if(followers_, [this](const auto& f) { return !holds(members_.replicas, f.first); });
  return advance();
}

bool leader::set_rules(leader_rules rules) {
  rules_ = rules;
  return advance();
}

bool leader::report_own(offset log_end, offset durable_end, monotonic_time now) {
  if (began_ == monotonic_time{})
    began_ = now;
  // Whoever had everything until now begins to lag now, not when it last had to say something.
  if (log_end > own_.log_end)
    for (auto& [id, f] : followers_)
      if (counted(f.said) >= own_.log_end)
        f.caught_up_at = now;
  own_ = {log_end, durable_end, -1};
  return advance();
}

bool leader::report(node_id replica, const replica_report& said, monotonic_time now) {
  if (!holds(members_.replicas, replica) || replica == self_)
    return false;
  auto& f = followers_[replica];
  if (said.broker_epoch < f.said.broker_epoch && !mutation("M09"))
    return false;  // of a process that is gone, and what it had may be gone with it
  if (counted(said) >= own_.log_end)
    f.caught_up_at = now;
  else if (f.goal_at != monotonic_time{} && counted(said) >= f.goal)
    f.caught_up_at = std::max(f.caught_up_at, f.goal_at);
  f.goal = own_.log_end;
  f.goal_at = now;
  f.said = said;
  return advance();
}

offset leader::counted(const replica_report& r) const {
  return rules_.commit == commit_rule::durable && !mutation("M08") ? std::min(r.durable_end, r.log_end) : r.log_end;
}

bool leader::advance() {
  if (members_.in_sync.empty() || (!enough_in_sync() && !mutation("M06")))
    return false;
  auto committed = counted(own_);
  const auto count = [&](node_id replica) {
    if (replica == self_)
      return true;
    const auto known = followers_.find(replica);
    if (known == followers_.end())
      return false;
    committed = std::min(committed, counted(known->second.said));
    return true;
  };
  if (mutation("M05"))
    for (const auto& [id, f] : followers_)
      high_watermark_ = std::max(high_watermark_, std::min(committed, counted(f.said)));
  for (auto replica : members_.in_sync)
    if (!count(replica))
      return false;
  if (wish_)
    for (const auto& m : wish_->in_sync)
      if (!count(m.id))
        return false;
  if (committed <= high_watermark_)
    return false;
  high_watermark_ = committed;
  return true;
}

bool leader::lags(node_id replica, monotonic_time now) const {
  const auto known = followers_.find(replica);
  if (known == followers_.end())
    return own_.log_end > high_watermark_ && now - began_ > rules_.lag_max;
  const auto& f = known->second;
  if (counted(f.said) >= own_.log_end)
    return false;
  return now - std::max(f.caught_up_at, began_) > rules_.lag_max;
}

bool leader::may_join(node_id replica, const progress& p) const {
  return holds(members_.replicas, replica) && counted(p.said) >= std::max(high_watermark_, epoch_start_);
}

std::optional<isr_wish> leader::next_wish(monotonic_time now, const isr_eligibility& eligible) {
  if (wish_)
    return std::nullopt;
  left_somebody_out_ = false;
  isr_wish wanted{{}, members_.partition_epoch};
  bool changed = false;
  for (auto id : members_.in_sync) {
    if (id != self_ && lags(id, now)) {
      changed = true;
      continue;
    }
    const auto known = followers_.find(id);
    wanted.in_sync.push_back({id, known == followers_.end() ? -1 : known->second.said.broker_epoch});
  }
  for (const auto& [id, f] : followers_)
    if (!holds(members_.in_sync, id) && may_join(id, f)) {
      const isr_wish::member joins{id, f.said.broker_epoch};
      if (eligible && !eligible(joins)) {
        left_somebody_out_ = true;
        continue;
      }
      changed = true;
      wanted.in_sync.push_back(joins);
    }
  if (!changed)
    return std::nullopt;
  wish_ = wanted;
  return wanted;
}

bool leader::drop_wish() {
  wish_.reset();
  return advance();
}

bool leader::somebody_is_behind() const {
  return std::any_of(members_.replicas.begin(), members_.replicas.end(), [this](node_id id) {
    if (id == self_)
      return false;
    const auto known = followers_.find(id);
    return known == followers_.end() ? holds(members_.in_sync, id) && own_.log_end > high_watermark_
                                     : counted(known->second.said) < own_.log_end;
  });
}

}  // namespace troupe::replication
