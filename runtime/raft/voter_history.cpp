#include "runtime/raft/voter_history.hpp"

#include "runtime/base/invariant.hpp"

#include <algorithm>
#include <utility>

namespace troupe::raft {

voter_history::voter_history(std::int64_t index, voter_set voters) {
  sets_.push_back({index, std::move(voters)});
}

bool voter_history::may_vote(const member& who) const {
  return std::any_of(sets_.begin(), sets_.end(), [&](const change& c) { return contains(c.voters, who); });
}

void voter_history::append(std::int64_t index, voter_set voters) {
  TROUPE_INVARIANT(index > changed_at(), "changes of the voters come in the order of their entries");
  sets_.push_back({index, std::move(voters)});
}

void voter_history::truncate_from(std::int64_t from) {
  while (sets_.size() > 1 && sets_.back().index >= from)
    sets_.pop_back();
}

void voter_history::commit(std::int64_t index) {
  while (sets_.size() > 1 && sets_[1].index <= index)
    sets_.erase(sets_.begin());
}

}  // namespace troupe::raft
