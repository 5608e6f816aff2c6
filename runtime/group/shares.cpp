#include "runtime/group/shares.hpp"

#include "runtime/base/invariant.hpp"

#include <algorithm>

namespace troupe::group {

namespace {

/// The place of `id` in `topics` from `from` on, or where it would be.
shares::index place_of(const std::vector<shares::topic>& topics, shares::index from, const topic_id& id) {
  if (from < topics.size() && topics[from].id == id)  // mostly, of those that read all
    return from;
  const auto at = std::lower_bound(topics.begin() + from, topics.end(), id,
                                   [](const shares::topic& t, const topic_id& wanted) { return t.id < wanted; });
  return static_cast<shares::index>(at - topics.begin());
}

}  // namespace

shares::shares(const assignment_task& task) : task_(task), loads_(task.members.size()) {
  for (const auto& [id, partitions] : task.partitions) {
    if (partitions <= 0)
      continue;
    auto& added = topics_.emplace_back();
    added.id = id;
    added.free = partitions;
    added.owners.assign(static_cast<std::size_t>(partitions), nobody);
  }
  index member = 0;
  for (const auto& [id, about] : task.members)
    add_member(member++, about);
  firsts_.push_back(static_cast<index>(all_.size()));
}

void shares::add_member(index member, const assignable_member& about) {
  firsts_.push_back(static_cast<index>(all_.size()));
  index at = 0;
  for (const auto& id : about.topics) {
    at = place_of(topics_, at, id);
    if (at == topics_.size())
      break;
    if (topics_[at].id != id)
      continue;
    topics_[at].subscribed.push_back(static_cast<index>(all_.size()));
    all_.push_back({member, at});
    ++at;
  }
  keep_valid(member, about.target);
}

void shares::keep_valid(index member, const topic_partitions& target) {
  auto which = firsts_[member];
  for (const auto& [id, partitions] : target) {
    while (which < all_.size() && topics_[all_[which].topic].id < id)
      ++which;
    if (which == all_.size())
      return;
    auto& from = topics_[all_[which].topic];
    if (from.id != id)
      continue;
    for (auto p : partitions) {
      if (p < 0 || static_cast<std::size_t>(p) >= from.owners.size())
        continue;
      auto& owner = from.owners[static_cast<std::size_t>(p)];
      if (owner != nobody)
        continue;
      owner = which;
      ++all_[which].kept;
      take(which);
    }
  }
}

void shares::take(index into) {
  auto& free = topics_[all_[into].topic].free;
  TROUPE_INVARIANT(free > 0, "a partition that is free is taken");
  --free;
  change(into, 1);
}

void shares::move(step by) {
  TROUPE_INVARIANT(all_[by.from].topic == all_[by.into].topic && all_[by.from].count > 0, "what is given is there");
  change(by.from, -1);
  change(by.into, 1);
}

std::pair<int, std::int32_t> shares::cost_of(step by) const {
  const auto& from = all_[by.from];
  const auto& into = all_[by.into];
  return {(from.count <= from.kept ? 1 : 0) - (into.count < into.kept ? 1 : 0), into.count - from.count};
}

void shares::change(index which, std::int32_t by) {
  auto& changed = all_[which];
  const bool held = changed.count > 0;
  changed.count += by;
  loads_[changed.member] += by;
  if (held == (changed.count > 0))
    return;
  auto& holding = topics_[changed.topic].holding;
  const auto place = std::lower_bound(holding.begin(), holding.end(), which);
  if (held)
    holding.erase(place);
  else
    holding.insert(place, which);
}

group_assignment shares::settle() const {
  std::vector<std::vector<std::int32_t>> owned(all_.size());
  for (const auto& from : topics_) {
    std::vector<std::int32_t> rest;
    for (std::size_t p = 0; p < from.owners.size(); ++p) {
      const auto owner = from.owners[p];
      if (owner != nobody && owned[owner].size() < static_cast<std::size_t>(all_[owner].count))
        owned[owner].push_back(static_cast<std::int32_t>(p));
      else
        rest.push_back(static_cast<std::int32_t>(p));
    }
    auto next = rest.begin();
    for (auto which : from.holding) {
      const auto lacking = all_[which].count - static_cast<std::int32_t>(owned[which].size());
      const auto kept = static_cast<std::ptrdiff_t>(owned[which].size());
      owned[which].insert(owned[which].end(), next, next + lacking);
      next += lacking;
      std::inplace_merge(owned[which].begin(), owned[which].begin() + kept, owned[which].end());
    }
  }
  group_assignment out;
  index member = 0;
  for (const auto& [id, about] : task_.members) {
    topic_partitions mine;
    for (auto which = first(member); which < first(member + 1); ++which)
      if (!owned[which].empty())
        mine.emplace_hint(mine.end(), topics_[all_[which].topic].id, std::move(owned[which]));
    if (!mine.empty())
      out.emplace_hint(out.end(), id, std::move(mine));
    ++member;
  }
  return out;
}

}  // namespace troupe::group
