#pragma once

#include "actors/attachment.hpp"

#include <caf/fwd.hpp>

#include <optional>
#include <string>

namespace troupe {

class node_context;
struct partition_spec;

/// Supervises the journaled actor of one partition: makes it when this replica begins to lead, ends it when it leads no
/// more, and makes it anew, with growing pauses, when it fails. A part of the partition actor's state; empty for
/// topics that nobody is attached to.
class attached_actor {
 public:
  /// `self` is the partition's actor, whose down handler calls `ended`.
  void start(caf::event_based_actor* self, node_context& context, const partition_spec& spec);

  /// This replica leads under `epoch` from now on.
  void begin(leader_epoch epoch);
  /// It leads no more.
  void end();
  /// Somebody whom the partition watches has ended.
  void ended(const caf::down_msg& m);
  /// The pause after a failure is over.
  void again(const attach_again& m);

  /// Whether anybody is attached to this partition where it is led.
  bool is_wanted() const { return static_cast<bool>(attach_); }
  /// The actor; an invalid handle while there is none.
  const caf::actor& get() const { return actor_; }

 private:
  void make();

  caf::event_based_actor* self_ = nullptr;
  node_context* context_ = nullptr;
  attach_function attach_;
  partition_id id_;
  std::string topic_;
  std::optional<leader_epoch> epoch_;  ///< under which this replica leads
  caf::actor actor_;
  int failures_ = 0;                   ///< under this epoch
};

}  // namespace troupe
