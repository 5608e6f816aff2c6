#pragma once

#include "runtime/authority/clock.hpp"
#include "runtime/base/ids.hpp"

#include <atomic>
#include <map>
#include <mutex>

namespace troupe {

/// Processes of other nodes to which the last link broke a moment ago. Until the controllers have elected, the metadata
/// still name them as leaders: clients are told that nobody leads, and ask again at once, where they would otherwise
/// go on with a node that is not there (librdkafka for one to two seconds). After `patience` the metadata are believed
/// again: the node may be reachable for everybody else.
///
/// Written by links, read by sessions; any thread.
class lost_peers {
 public:
  static constexpr auto patience = std::chrono::milliseconds{1'000};

  bool is_lost(node_id id, const topic_id& incarnation, monotonic_time now) const;

 private:
  friend class link_tie;
  void tied(node_id id, const topic_id& incarnation);
  void cut(node_id id, const topic_id& incarnation, monotonic_time now);

  struct process {
    topic_id incarnation;
    int links = 0;
    monotonic_time lost_at{};  ///< when there are none
  };
  mutable std::mutex lock_;
  std::map<node_id, process> all_;
  std::atomic<int> lost_{0};  ///< processes without a link; nearly always none, and then nobody takes the lock
};

/// One link as `lost_peers` counts it, from the other side's hello to the break. The thread that reads the socket cuts
/// it: a client that asks for metadata because the same process left it is read by that thread later.
class link_tie {
 public:
  link_tie(lost_peers& all, clock& time) : all_(all), time_(time) {}
  ~link_tie() { cut(); }
  link_tie(const link_tie&) = delete;
  link_tie& operator=(const link_tie&) = delete;

  /// The first call counts. Nothing happens when it is cut already.
  void hold(node_id id, const topic_id& incarnation);
  /// Any thread, any number of times.
  void cut();

 private:
  lost_peers& all_;
  clock& time_;
  std::mutex lock_;
  bool is_cut_ = false;
  node_id id_{-1};
  topic_id incarnation_;
};

}  // namespace troupe
