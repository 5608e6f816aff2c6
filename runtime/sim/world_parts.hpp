#pragma once

#include "runtime/sim/event_queue.hpp"
#include "runtime/sim/name_book.hpp"
#include "runtime/sim/network.hpp"
#include "runtime/sim/world_options.hpp"

namespace troupe::sim {

/// What the machines of a world share.
struct world_parts {
  explicit world_parts(const world_options& given)
    : options(given),
      told(now, given.trace_lines),
      net({events, now, told, names, prng{given.seed, "network"}}) {
    net.set_latency(given.packets);
  }

  const world_options options;
  virtual_time now{0};
  name_book names;
  trace told;
  event_queue events;
  network net;
};

}  // namespace troupe::sim
