// Components and cycles against plain reachability in small random graphs.
#include "runtime/check/graph.hpp"
#include "runtime/sim/prng.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>

using namespace troupe;
using check::dependency;

namespace {

constexpr std::size_t nodes = 7;
constexpr int far = 1000;

/// Lengths of the shortest ways of at least one edge.
using distances = std::array<std::array<int, nodes>, nodes>;

distances shortest(const check::graph& g) {
  distances d;
  for (auto& row : d)
    row.fill(far);
  for (std::uint32_t from = 0; from < nodes; ++from)
    for (const auto& e : g.edges(from))
      d[from][e.to] = 1;
  for (std::size_t via = 0; via < nodes; ++via)
    for (std::size_t from = 0; from < nodes; ++from)
      for (std::size_t to = 0; to < nodes; ++to)
        d[from][to] = std::min(d[from][to], d[from][via] + d[via][to]);
  return d;
}

}  // namespace

BOOST_AUTO_TEST_CASE(components_are_what_reaches_each_other_and_their_cycles_are_shortest) {
  std::size_t cycles = 0;
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    sim::prng random{seed};
    check::graph g{nodes};
    for (auto edges = random.below(2 * nodes); edges > 0; --edges) {
      const auto from = static_cast<std::uint32_t>(random.below(nodes));
      const auto to = static_cast<std::uint32_t>(random.below(nodes));
      if (from != to)
        g.link(from, to, dependency::write_read);
    }
    g.seal();
    const auto d = shortest(g);
    std::size_t members = 0;
    for (const auto& component : check::cyclic_components(g)) {
      int best = far;
      for (const auto a : component) {
        best = std::min(best, d[a][a]);
        for (std::uint32_t b = 0; b < nodes; ++b) {
          const bool inside = std::find(component.begin(), component.end(), b) != component.end();
          BOOST_TEST(inside == (d[a][b] < far && d[b][a] < far), "seed " << seed);
        }
      }
      const auto cycle = check::short_cycle(g, component);
      BOOST_TEST(static_cast<int>(cycle.size()) == best, "seed " << seed);
      for (std::size_t i = 0; i < cycle.size(); ++i)
        BOOST_TEST(d[cycle[i].node][cycle[(i + 1) % cycle.size()].node] == 1, "seed " << seed);
      members += component.size();
      ++cycles;
    }
    std::size_t on_cycles = 0;
    for (std::uint32_t a = 0; a < nodes; ++a)
      on_cycles += d[a][a] < far ? 1 : 0;
    BOOST_TEST(members == on_cycles, "seed " << seed);
  }
  BOOST_TEST(cycles > 500u);
}

BOOST_AUTO_TEST_CASE(passages_are_no_steps) {
  // 0 and 1 are operations, 2 to 4 moments: 0 had ended before 1 began, and read what 1 wrote.
  check::graph g{5};
  g.link(0, 2, dependency::realtime);
  g.link(2, 3, dependency::passing);
  g.link(3, 4, dependency::passing);
  g.link(4, 1, dependency::passing);
  g.link(1, 0, dependency::write_read);
  g.seal();
  const auto found = check::cyclic_components(g);
  BOOST_REQUIRE(found.size() == 1u);
  BOOST_TEST(check::short_cycle(g, found.front()).size() == 5u);
}

BOOST_AUTO_TEST_CASE(long_chains_need_no_deep_call_stack) {
  constexpr std::uint32_t length = 1'000'000;
  check::graph g{length};
  for (std::uint32_t node = 0; node < length; ++node)
    g.link(node, (node + 1) % length, dependency::process);
  g.seal();
  const auto found = check::cyclic_components(g);
  BOOST_REQUIRE(found.size() == 1u);
  BOOST_TEST(check::short_cycle(g, found.front()).size() == length);
}
