#include "runtime/node/lost_peers.hpp"

#include <utility>

namespace troupe {

void lost_peers::tied(node_id id, const topic_id& incarnation) {
  const std::lock_guard hold{lock_};
  auto [at, is_new] = all_.try_emplace(id);
  auto& p = at->second;
  if (!is_new && p.links == 0)
    --lost_;
  if (p.incarnation != incarnation)
    p = {incarnation, 0, {}};
  ++p.links;
}

void lost_peers::cut(node_id id, const topic_id& incarnation, monotonic_time now) {
  const std::lock_guard hold{lock_};
  auto& p = all_[id];
  if (p.incarnation != incarnation || p.links == 0 || --p.links > 0)
    return;  // a link to an earlier process, or one of several
  p.lost_at = now;
  ++lost_;
}

bool lost_peers::is_lost(node_id id, const topic_id& incarnation, monotonic_time now) const {
  if (lost_ == 0)
    return false;
  const std::lock_guard hold{lock_};
  const auto found = all_.find(id);
  return found != all_.end() && found->second.links == 0 && found->second.incarnation == incarnation
         && now - found->second.lost_at < patience;
}

void link_tie::hold(node_id id, const topic_id& incarnation) {
  const std::lock_guard guard{lock_};
  if (is_cut_ || id_.value >= 0)
    return;
  id_ = id;
  incarnation_ = incarnation;
  all_.tied(id, incarnation);
}

void link_tie::cut() {
  const std::lock_guard guard{lock_};
  if (!std::exchange(is_cut_, true) && id_.value >= 0)
    all_.cut(id_, incarnation_, time_.monotonic_now());
}

}  // namespace troupe
