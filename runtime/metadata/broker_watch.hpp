#pragma once

#include "runtime/authority/clock.hpp"
#include "runtime/metadata/image.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <vector>

namespace troupe::metadata {

/// What the active controller knows of brokers besides the metadata: when each was heard of, how much of the metadata
/// it has applied, and how far a broker that wants to stop is. Forgotten when another controller takes over. Pure.
class broker_watch {
 public:
  /// A new reign: every unfenced broker gets a whole session to be heard of.
  void begin(const image& on, monotonic_time now);

  /// A registration or a heartbeat.
  void heard(node_id id, std::int64_t applied, monotonic_time now);
  /// It is known to be gone, or was fenced.
  void forget(node_id id) { brokers_.erase(id); }

  /// It was heard of within `session`, under this reign: a process that only might be alive does not keep a new one
  /// out.
  bool spoke(node_id id, monotonic_time now, std::chrono::milliseconds session) const;
  /// It was heard of within `session`, or may have been by the controller before.
  bool is_alive(node_id id, monotonic_time now, std::chrono::milliseconds session) const;
  /// Unfenced brokers that were not heard of for longer than `session`.
  std::vector<node_id> overdue(const image& on, monotonic_time now, std::chrono::milliseconds session) const;

  /// A broker leads nothing any more since entry `index`: it may stop when all others have applied that.
  void may_stop_after(node_id id, std::int64_t index);
  /// It still leads what nobody else can lead. True when that has not changed for `patience`, or nobody else is there:
  /// it may stop all the same, for waiting helps no more.
  bool is_stuck(const image& on, node_id id, std::int32_t leads, monotonic_time now,
                std::chrono::milliseconds patience);
  /// It may stop now.
  bool may_stop(const image& on, node_id id) const;

 private:
  struct known {
    monotonic_time heard_at;
    bool spoke = false;  ///< under this reign
    std::int64_t applied = 0;
    std::int64_t stop_after = -1;
    std::int32_t leads = -1;  ///< while it wants to stop
    monotonic_time leads_since{};
  };
  std::map<node_id, known> brokers_;
};

}  // namespace troupe::metadata
