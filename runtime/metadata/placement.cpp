#include "runtime/metadata/placement.hpp"

#include "runtime/metadata/errors.hpp"

#include <algorithm>
#include <map>
#include <string>

namespace troupe::metadata {

namespace {

struct candidate {
  node_id id;
  std::string rack;
};

/// Brokers that are fenced or not, but not shutting down, so that neighbours are on different racks as long as
/// possible: the first of each rack, then the second of each …
std::vector<candidate> alternating_racks(const image& on, bool fenced) {
  std::map<std::string, std::vector<candidate>> racks;
  for (const auto& [id, b] : on.brokers())
    if (b->fenced == fenced && !b->shutting_down)
      racks[b->rack.value_or("")].push_back({id, b->rack.value_or("")});
  std::vector<candidate> out;
  for (std::size_t round = 0;; ++round) {
    const auto before = out.size();
    for (const auto& [rack, members] : racks)
      if (round < members.size())
        out.push_back(members[round]);
    if (out.size() == before)
      return out;
  }
}

bool holds(const std::vector<node_id>& chosen, node_id id) {
  return std::find(chosen.begin(), chosen.end(), id) != chosen.end();
}

/// Adds brokers of `from`, beginning at `at`, until `wanted` are chosen: in the first pass only from racks not used
/// yet.
void choose(const std::vector<candidate>& from, std::size_t at, std::size_t wanted, std::vector<node_id>& chosen,
            std::vector<std::string>& racks) {
  for (const bool new_racks_only : {true, false})
    for (std::size_t step = 0; step < from.size() && chosen.size() < wanted; ++step) {
      const auto& next = from[(at + step) % from.size()];
      const bool rack_used = std::find(racks.begin(), racks.end(), next.rack) != racks.end();
      if (holds(chosen, next.id) || (new_racks_only && rack_used))
        continue;
      chosen.push_back(next.id);
      racks.push_back(next.rack);
    }
}

error too_few(std::int16_t wanted, std::size_t registered, std::size_t able) {
  if (able == 0)
    return make_error(
        errc::invalid_replication_factor,
        "no broker can lead a partition now: " + std::to_string(registered) + " registered, all of them fenced");
  return make_error(errc::invalid_replication_factor, "replication factor " + std::to_string(wanted)
                                                          + " is larger than the " + std::to_string(registered)
                                                          + " brokers of this cluster");
}

}  // namespace

expected<std::vector<std::vector<node_id>>> place_partitions(const image& on, std::int32_t first, std::int32_t count,
                                                             std::int16_t replication_factor, std::uint32_t start) {
  const auto leaders = alternating_racks(on, false);
  const auto others = alternating_racks(on, true);
  const auto wanted = static_cast<std::size_t>(std::max<std::int16_t>(replication_factor, 1));
  if (leaders.empty() || wanted > leaders.size() + others.size())
    return too_few(replication_factor, leaders.size() + others.size(), leaders.size());
  std::vector<std::vector<node_id>> out;
  out.reserve(static_cast<std::size_t>(count));
  for (std::int32_t i = first; i < first + count; ++i) {
    const auto turn = static_cast<std::size_t>(i) + start;
    const auto leader = turn % leaders.size();
    // Each time round the leaders, followers begin one further on, so that a broker's load spreads over all others.
    const auto shift = leaders.size() > 1 ? 1 + turn / leaders.size() % (leaders.size() - 1) : 0;
    std::vector<node_id> chosen{leaders[leader].id};
    std::vector<std::string> racks{leaders[leader].rack};
    choose(leaders, leader + shift, wanted, chosen, racks);
    if (!others.empty())
      choose(others, turn % others.size(), wanted, chosen, racks);
    out.push_back(std::move(chosen));
  }
  return out;
}

}  // namespace troupe::metadata
