#include "tools/sim/cluster_shape.hpp"

#include "runtime/sim/prng.hpp"

namespace troupe::cluster_sim {

namespace {

std::int32_t draw_nodes(sim::prng& random) {
  const auto drawn = random.below(10);
  return drawn == 0 ? 1 : drawn < 7 ? 3 : 5;
}

}  // namespace

std::string cluster_shape::describe() const {
  std::string out = std::to_string(nodes) + " nodes, " + std::to_string(replicas) + " replicas of which "
                    + std::to_string(min_in_sync) + " must be in sync, durability=" + durability;
  if (segment_ms > 0)
    out += ", segments of " + std::to_string(segment_ms) + " ms";
  for (const auto& setting : settings)
    out += ", " + setting;
  return out;
}

cluster_shape shape_of(const run_options& options) {
  sim::prng random{options.seed, "shape"};
  cluster_shape out;
  const auto drawn = draw_nodes(random);
  out.nodes = options.nodes > 0 ? options.nodes : drawn;
  const bool is_wide = random.below(3) == 0;
  out.replicas = static_cast<std::int16_t>(out.nodes == 5 && !is_wide ? 3 : out.nodes);
  // One replica may be away, and writing goes on.
  out.min_in_sync = out.replicas == 1 ? 1 : 2 + static_cast<std::int32_t>(out.replicas == 5 && random.below(2) == 0);
  if (random.below(5) == 0)
    out.durability = "replicated";
  if (random.below(2) == 0)
    out.segment_ms = 100 + static_cast<std::int32_t>(random.below(5'000));
  // With every third seed, replicas and nodes are given up as fast as faults come and go.
  if (options.seed % 3 == 0)
    out.settings = {"replica.lag.time.max.ms=500", "broker.session.timeout.ms=1500",
                    "broker.heartbeat.interval.ms=300"};
  return out;
}

}  // namespace troupe::cluster_sim
