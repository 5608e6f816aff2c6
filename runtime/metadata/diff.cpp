#include "runtime/metadata/diff.hpp"

namespace troupe::metadata {

namespace {

/// Walks both orders at once. A leaf that both sets share and that begins at the same place is stepped over whole.
void diff_topics(const image& before, const image& after, image_diff& out) {
  auto old_at = before.topics_by_id().begin();
  auto new_at = after.topics_by_id().begin();
  const auto old_end = before.topics_by_id().end();
  const auto new_end = after.topics_by_id().end();
  while (old_at != old_end || new_at != new_end) {
    if (old_at != old_end && new_at != new_end) {
      const auto* leaf = old_at.leaf_beginning_here();
      if (leaf && leaf == new_at.leaf_beginning_here()) {
        old_at.skip_leaf();
        new_at.skip_leaf();
        continue;
      }
    }
    if (new_at == new_end || (old_at != old_end && (*old_at)->id < (*new_at)->id)) {
      out.removed.push_back(*old_at++);
    } else if (old_at == old_end || (*new_at)->id < (*old_at)->id) {
      out.created.push_back(*new_at++);
    } else {
      if (*old_at != *new_at)
        out.changed.push_back({*old_at, *new_at});
      ++old_at;
      ++new_at;
    }
  }
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
  out.cluster_config =
      before.cluster_config() != after.cluster_config() && *before.cluster_config() != *after.cluster_config();
  out.broker_configs = differing(before.broker_configs(), after.broker_configs(), std::equal_to<>{});
  out.brokers = differing(before.brokers(), after.brokers(), std::equal_to<>{});
  out.voters = &before.voters() != &after.voters() && before.voters() != after.voters();
  out.features = &before.features() != &after.features() && before.features() != after.features();
  return out;
}

}  // namespace troupe::metadata
