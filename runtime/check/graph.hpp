#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace troupe::check {

/// Why one operation comes before another.
enum class dependency : std::uint8_t {
  write_write,  ///< both wrote to one log, this one next to the other and at the lower offset
  write_read,   ///< the other read what this one wrote
  process,      ///< the same client did it before
  realtime,     ///< it had ended before the other was invoked; leads to a moment
  passing,      ///< from a moment to a later one, or to an operation invoked after it
};

/// A directed graph that is filled first and then walked. Nodes are numbers below `node_count`.
class graph {
 public:
  /// An edge as its node of origin knows it.
  struct edge {
    std::uint32_t to;
    dependency why;
  };

  explicit graph(std::size_t node_count) : first_(node_count + 1, 0) {}

  std::size_t node_count() const { return first_.size() - 1; }
  /// Adds an edge; before `seal` only.
  void link(std::uint32_t from, std::uint32_t to, dependency why) { links_.push_back({from, {to, why}}); }
  /// Ends the filling.
  void seal();
  /// The edges that leave `node`; after `seal` only.
  std::span<const edge> edges(std::uint32_t node) const {
    return {edges_.data() + first_[node], first_[node + 1] - first_[node]};
  }

 private:
  struct half_edge {
    std::uint32_t from;
    edge rest;
  };
  std::vector<half_edge> links_;
  std::vector<std::uint32_t> first_;
  std::vector<edge> edges_;
};

/// The sets of more than one node in which each node reaches each other.
std::vector<std::vector<std::uint32_t>> cyclic_components(const graph& g);

/// A node of a cycle, and why the next one depends on it.
struct hop {
  std::uint32_t node;
  dependency why;
};

/// A shortest cycle among `component`, one of `cyclic_components(g)`. Passages do not count as steps. Operations are
/// numbered by time, so that edges of time alone lead from lower to higher ones. In very large components only some
/// nodes are tried, and the cycle may be longer than necessary.
std::vector<hop> short_cycle(const graph& g, const std::vector<std::uint32_t>& component);

}  // namespace troupe::check
