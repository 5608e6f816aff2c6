#include "runtime/raft/log_terms.hpp"

#include "runtime/base/invariant.hpp"

#include <algorithm>
#include <iterator>

namespace troupe::raft {

bool is_as_new(entry_id mine, entry_id theirs) {
  return mine.term != theirs.term ? mine.term > theirs.term : mine.index >= theirs.index;
}

const log_terms::run* log_terms::run_of(std::int64_t index) const {
  const auto after =
      std::upper_bound(runs_.begin(), runs_.end(), index, [](std::int64_t i, const run& r) { return i < r.first; });
  return after == runs_.begin() ? nullptr : &*std::prev(after);
}

std::optional<std::int64_t> log_terms::term_at(std::int64_t index) const {
  if (index < base_.index || index > last_.index)
    return std::nullopt;
  return index == base_.index ? base_.term : run_of(index)->term;
}

std::optional<entry_id> log_terms::newest_not_above(entry_id limit) const {
  auto index = std::min(limit.index, last_.index);
  while (index > base_.index) {
    const auto* in = run_of(index);
    if (in->term <= limit.term)
      return entry_id{index, in->term};
    index = in->first - 1;
  }
  if (index < base_.index || base_.term > limit.term)
    return std::nullopt;
  return base_;
}

void log_terms::append(std::int64_t term) {
  TROUPE_INVARIANT(term >= last_.term, "terms in a log never go back");
  last_ = {last_.index + 1, term};
  if (runs_.empty() || runs_.back().term != term)
    runs_.push_back({last_.index, term});
}

void log_terms::truncate_from(std::int64_t from) {
  TROUPE_INVARIANT(from > base_.index, "only entries that can be read can be cut off");
  if (from > last_.index)
    return;
  while (!runs_.empty() && runs_.back().first >= from)
    runs_.pop_back();
  last_ = {from - 1, runs_.empty() ? base_.term : runs_.back().term};
}

void log_terms::compact_to(std::int64_t index) {
  const auto term = term_at(index);
  TROUPE_INVARIANT(term.has_value(), "the log is compacted to an entry that it has");
  base_ = {index, *term};
  while (runs_.size() > 1 && runs_[1].first <= index + 1)
    runs_.erase(runs_.begin());
  if (index == last_.index)
    runs_.clear();
  else if (!runs_.empty())
    runs_.front().first = std::max(runs_.front().first, index + 1);
}

}  // namespace troupe::raft
