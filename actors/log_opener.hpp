#pragma once

#include <caf/actor.hpp>
#include <caf/event_based_actor.hpp>

#include <deque>
#include <utility>

namespace troupe {

/// Logs are opened at their first use; those that exist are opened soon after the start anyway, a few at a time, so
/// that damage is found and retention goes on in topics that nobody reads. A part of the state of `replicas`.
class log_opener {
 public:
  /// `self` asks the partitions.
  void start(caf::event_based_actor* self) { self_ = self; }
  /// One more is to be opened.
  void add(caf::actor partition) { waiting_.push_back(std::move(partition)); }
  /// Opens all that were added, so many at a time.
  void begin(int at_once) {
    for (int i = 0; i < at_once; ++i)
      open_next();
  }
  /// The node is stopping: no more are opened.
  void stop() { waiting_.clear(); }

 private:
  void open_next();

  caf::event_based_actor* self_ = nullptr;
  std::deque<caf::actor> waiting_;
};

}  // namespace troupe
