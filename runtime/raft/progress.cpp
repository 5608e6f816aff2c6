#include "runtime/raft/progress.hpp"

#include "runtime/raft/bounds.hpp"

#include <algorithm>

namespace troupe::raft {

bool progress::may_send_entries() const {
  switch (mode_) {
    case progress_mode::probing:
      return !probe_sent_;
    case progress_mode::replicating:
      return in_flight_.size() < bounds::raft_appends_in_flight_max;
    case progress_mode::snapshotting:
      break;
  }
  return false;
}

void progress::sent(std::int64_t number, std::int64_t until) {
  entries_number_ = number;
  if (mode_ == progress_mode::probing) {
    probe_sent_ = true;
    return;
  }
  in_flight_.push_back(until);
  next_ = until;
}

void progress::sent_until(std::int64_t number, std::int64_t until) {
  if (number != entries_number_ || mode_ != progress_mode::replicating || in_flight_.empty())
    return;
  in_flight_.back() = until;
  next_ = until;
}

void progress::accepted(std::int64_t number, std::int64_t match) {
  match_ = std::max(match_, match);
  next_ = std::max(next_, match_ + 1);
  while (!in_flight_.empty() && in_flight_.front() <= match_ + 1)
    in_flight_.pop_front();
  if (mode_ == progress_mode::probing && number >= obeyed_from_)
    mode_ = progress_mode::replicating;
}

bool progress::refused(std::int64_t number, std::int64_t parted) {
  if (number < obeyed_from_ || mode_ == progress_mode::snapshotting)
    return false;
  const auto before = next_;
  restart(parted);
  return next_ < before;
}

void progress::restart(std::int64_t next) {
  mode_ = progress_mode::probing;
  next_ = std::max(next, match_ + 1);
  obeyed_from_ = number_ + 1;
  probe_sent_ = false;
  in_flight_.clear();
}

void progress::begin_snapshot(entry_id at) {
  restart(at.index + 1);
  mode_ = progress_mode::snapshotting;
  transfer_ = {at};
}

}  // namespace troupe::raft
