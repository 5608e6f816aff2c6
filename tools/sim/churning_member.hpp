#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace troupe::cluster_sim {

/// A consumer of a group that comes and goes while faults happen, whatever its protocol.
class churning_member {
 public:
  virtual ~churning_member() = default;
  /// Works until `settle` is called, and from then on until its commits are acknowledged.
  virtual void start() = 0;
  /// Leaves no more: a member that stays with the others.
  virtual void settle() = 0;
  /// Has been told what it owns, and has committed all of it in that generation since it settles.
  virtual bool is_settled() const = 0;
  /// Does nothing any more.
  virtual void stop() = 0;
  /// Or epoch.
  virtual std::int32_t generation() const = 0;
  virtual std::size_t owned_count() const = 0;
  virtual std::string describe() const = 0;
};

}  // namespace troupe::cluster_sim
