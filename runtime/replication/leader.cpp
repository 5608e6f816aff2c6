#include "runtime/replication/leader.hpp"

#include "runtime/base/mutation.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

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
  const bool first = members_.partition_epoch < 0;
  const auto before = std::exchange(members_, std::move(decided));
  const auto is_gone = [this](const auto& entry) { return !holds(members_.replicas, entry.first); };
  std::erase_if(followers_, is_gone);
  std::erase_if(joined_at_, is_gone);
  if (!first)
    note_joined(before.replicas);
  const auto moved = high_watermark_;
  take_early();
  return advance() || high_watermark_ > moved;
}

void leader::note_joined(const std::vector<node_id>& before) {
  for (auto id : members_.replicas)
    if (!holds(before, id))
      joined_at_[id] = members_.partition_epoch;
}

void leader::take_early() {
  for (auto it = early_.begin(); it != early_.end();) {
    const auto& [id, early] = *it;
    if (early.said.partition_epoch > members_.partition_epoch) {
      ++it;
      continue;
    }
    report(id, early.said, early.at);
    it = early_.erase(it);
  }
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
  if (replica == self_)
    return false;
  if (!holds(members_.replicas, replica)) {
    if (said.partition_epoch > members_.partition_epoch)
      early_[replica] = {said, now};
    return false;
  }
  if (const auto joined = joined_at_.find(replica);
      joined != joined_at_.end() && said.partition_epoch < joined->second)
    return false;  // what it had then was dropped, or will be
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

bool leader::was_followed_since(monotonic_time then) const {
  return std::ranges::all_of(members_.in_sync, [&](node_id id) {
    const auto known = followers_.find(id);
    return id == self_ || (known != followers_.end() && known->second.goal_at > then);
  });
}

std::optional<node_id> leader::best_to_read(std::span<const node_id> near, offset wanted) const {
  using rank = std::tuple<offset, monotonic_time, node_id>;
  std::optional<rank> best;
  for (auto id : near) {
    if (id == self_)
      return std::nullopt;
    const auto known = followers_.find(id);
    if (known == followers_.end() || !holds(members_.in_sync, id) || known->second.said.log_end < wanted
        || known->second.said.log_start > wanted)
      continue;
    const auto& f = known->second;
    best = std::max(best, std::optional{rank{f.said.log_end, f.caught_up_at, id}});
  }
  return best ? std::optional{std::get<node_id>(*best)} : std::nullopt;
}

offset leader::low_watermark(offset own) const {
  for (const auto id : members_.in_sync) {
    const auto known = followers_.find(id);
    if (id != self_)
      own = std::min(own, known == followers_.end() ? offset{0} : known->second.said.log_start);
  }
  return own;
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
