#pragma once

#include "runtime/authority/clock.hpp"
#include "runtime/base/ids.hpp"

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

#include <functional>
#include <map>
#include <string>

namespace troupe {

class node_context;

/// What a journaled actor is born with: it lives beside the leader of a partition, which is its journal, for as long as
/// this replica leads under `epoch`.
struct attachment {
  caf::actor partition;
  partition_id id;
  std::string topic;
  leader_epoch epoch;

  /// "topic-7", for log lines.
  std::string name() const { return topic + "-" + std::to_string(id.index.value); }
};

/// Makes the actor of one attachment.
using attach_function = std::function<caf::actor(node_context&, const attachment&)>;
/// By topic, who is attached to each of its partitions.
using attachments = std::map<std::string, attach_function>;

/// This replica leads no more: answer everybody who waits, and end. What is not known to be committed may be or not.
struct attachment_ends {};

/// Something of a journaled actor's may be due: its own timer.
struct wake_tick {
  monotonic_time due;
};

/// A journaled actor failed a moment ago: make it anew.
struct attach_again {
  leader_epoch epoch;
};

}  // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::attachment_ends)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::wake_tick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::attach_again)
