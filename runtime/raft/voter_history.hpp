#pragma once

#include "runtime/raft/members.hpp"

#include <cstdint>
#include <vector>

namespace troupe::raft {

/// The voter sets that a log tells of. The newest counts from the moment its entry is in the log, and the one before
/// again when that entry is cut off.
class voter_history {
 public:
  /// `voters` as the committed entry `index` left them; none and 0 when nobody has told yet.
  voter_history(std::int64_t index, voter_set voters);

  const voter_set& current() const { return sets_.back().voters; }
  /// Whether `who` votes in the current set, or in an earlier one that may turn out to be the committed one.
  bool may_vote(const member& who) const;
  /// Entry that made the current set.
  std::int64_t changed_at() const { return sets_.back().index; }

  /// Entry `index` makes `voters` the set.
  void append(std::int64_t index, voter_set voters);
  /// Entry `from` and all after it are gone; the set that was committed stays.
  void truncate_from(std::int64_t from);
  /// Entries up to `index` are committed: what was before them is never needed again.
  void commit(std::int64_t index);

 private:
  struct change {
    std::int64_t index;
    voter_set voters;
  };
  std::vector<change> sets_;  ///< rising; never empty
};

}  // namespace troupe::raft
