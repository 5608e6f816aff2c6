#pragma once

#include <caf/actor.hpp>

namespace troupe {

class node_context;

/// Compacts the logs of topics with `cleanup.policy=compact`: asks the partitions what there is to clean, rewrites
/// their closed segments on a thread of its own, and gives the result to the partition, which swaps it in.
///
/// Messages  clean_tick →      its own timer, every log.cleaner.backoff.ms while there is nothing to do
/// Exits     never by itself
caf::actor spawn_cleaner(node_context& context);

}  // namespace troupe
