#include "runtime/metadata/diff.hpp"

namespace troupe::metadata {

namespace {

/// Calls `each(before, after)` for the values that are not the same in both sets, null standing for one that is not
/// there. A leaf that both sets share and that begins at the same place is stepped over whole.
template <class T, class KeyOf, class Each>
void for_each_difference(const sorted_set<T, KeyOf>& before, const sorted_set<T, KeyOf>& after, Each each) {
  const std::shared_ptr<const T> none;
  auto old_at = before.begin();
  auto new_at = after.begin();
  const auto old_end = before.end();
  const auto new_end = after.end();
  while (old_at != old_end || new_at != new_end) {
    if (old_at != old_end && new_at != new_end) {
      const auto* leaf = old_at.leaf_beginning_here();
      if (leaf && leaf == new_at.leaf_beginning_here()) {
        old_at.skip_leaf();
        new_at.skip_leaf();
        continue;
      }
    }
    if (new_at == new_end || (old_at != old_end && KeyOf{}(**old_at) < KeyOf{}(**new_at))) {
      each(*old_at++, none);
    } else if (old_at == old_end || KeyOf{}(**new_at) < KeyOf{}(**old_at)) {
      each(none, *new_at++);
    } else {
      if (*old_at != *new_at)
        each(*old_at, *new_at);
      ++old_at;
      ++new_at;
    }
  }
}

void diff_topics(const image& before, const image& after, image_diff& out) {
  using one = std::shared_ptr<const topic>;
  for_each_difference(before.topics_by_id(), after.topics_by_id(), [&out](const one& was, const one& is) {
    if (!is)
      out.removed.push_back(was);
    else if (!was)
      out.created.push_back(is);
    else
      out.changed.push_back({was, is});
  });
}

void diff_groups(const image& before, const image& after, image_diff& out) {
  using one = std::shared_ptr<const group_overrides>;
  for_each_difference(before.group_configs(), after.group_configs(), [&out](const one& was, const one& is) {
    if (!was || !is || was->configs != is->configs)
      out.group_configs.push_back((is ? is : was)->group);
  });
}

/// The keys whose values differ by `same`, or which only one of the maps has.
template <class Map, class Same>
std::vector<node_id> differing(const Map& before, const Map& after, Same same) {
  std::vector<node_id> out;
  if (&before == &after)
    return out;
  for (const auto& [id, value] : before)
    if (const auto found = after.find(id); found == after.end() || !same(value, found->second))
      out.push_back(id);
  for (const auto& [id, value] : after)
    if (!before.contains(id))
      out.push_back(id);
  return out;
}

}  // namespace

image_diff difference(const image& before, const image& after) {
  image_diff out;
  diff_topics(before, after, out);
  diff_groups(before, after, out);
  out.cluster_config =
      before.cluster_config() != after.cluster_config() && *before.cluster_config() != *after.cluster_config();
  out.broker_configs = differing(before.broker_configs(), after.broker_configs(), std::equal_to<>{});
  out.brokers = differing(before.brokers(), after.brokers(), std::equal_to<>{});
  out.voters = &before.voters() != &after.voters() && before.voters() != after.voters();
  out.features = &before.features() != &after.features() && before.features() != after.features();
  return out;
}

}  // namespace troupe::metadata
