// How the state of a cluster is shown, to a person and to programs.
#include "runtime/posix/socket.hpp"
#include "tools/admin/cluster_state.hpp"
#include "tools/admin/table.hpp"

#include <nlohmann/json.hpp>

#include <chrono>

namespace troupe::tools {

namespace {

using nlohmann::ordered_json;

constexpr std::size_t names_shown_max = 20;

std::string known(std::int64_t number) { return number < 0 ? "-" : std::to_string(number); }

/// How long ago a member was seen with all that there was.
std::string behind_ms(std::int64_t caught_up_at_ms) {
  using namespace std::chrono;
  if (caught_up_at_ms < 0)
    return "-";
  const auto now = duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
  return std::to_string(std::max<std::int64_t>(0, now - caught_up_at_ms));
}

void add_members(table& to, const quorum_state& q, const std::vector<quorum_member>& members, const char* role) {
  for (const auto& m : members) {
    const auto lag = q.lag_of(m);
    to.add({std::to_string(m.node), m.node == q.leader ? "leader" : role, known(m.log_end),
            lag ? std::to_string(*lag) : "-", behind_ms(m.caught_up_at_ms), m.directory.empty() ? "-" : m.directory});
  }
}

std::string quorum_text(const std::optional<quorum_state>& q) {
  if (!q)
    return "quorum: the node that answered does not tell\n";
  std::string out = "quorum: leader " + (q->leader < 0 ? "none" : std::to_string(q->leader)) + ", term "
                    + known(q->term) + ", high watermark " + known(q->high_watermark) + "\n";
  table rows{{"node", "role", "log end", "lag", "caught up ms ago", "directory"}};
  add_members(rows, *q, q->voters, "voter");
  add_members(rows, *q, q->observers, "observer");
  return out + rows.text(2);
}

std::string names_text(const char* what, const std::vector<std::string>& names) {
  std::string out = std::string{what} + " " + std::to_string(names.size());
  for (std::size_t i = 0; i < std::min(names.size(), names_shown_max); ++i)
    out += (i == 0 ? ": " : ", ") + names[i];
  return out + (names.size() > names_shown_max ? ", …" : "") + "\n";
}

std::string ids_text(const std::vector<std::int32_t>& ids) {
  std::string out;
  for (const auto id : ids)
    out += (out.empty() ? "" : ",") + std::to_string(id);
  return out.empty() ? "-" : out;
}

std::string moves_text(const std::vector<move_state>& moves) {
  if (moves.empty())
    return {};
  std::string out = "reassignments " + std::to_string(moves.size()) + "\n";
  table rows{{"partition", "replicas", "adding", "removing", "copied bytes", "of"}};
  for (const auto& m : moves)
    rows.add({m.partition, ids_text(m.replicas), ids_text(m.adding), ids_text(m.removing),
              m.bytes_done ? std::to_string(*m.bytes_done) : "-",
              m.bytes_wanted ? std::to_string(*m.bytes_wanted) : "-"});
  return out + rows.text(2);
}

ordered_json to_json(const std::vector<move_state>& moves) {
  auto out = ordered_json::array();
  for (const auto& m : moves)
    out.push_back({{"partition", m.partition}, {"replicas", m.replicas}, {"adding", m.adding},
                   {"removing", m.removing},
                   {"bytes_done", m.bytes_done ? ordered_json(*m.bytes_done) : ordered_json()},
                   {"bytes_wanted", m.bytes_wanted ? ordered_json(*m.bytes_wanted) : ordered_json()}});
  return out;
}

ordered_json to_json(const quorum_state& q, const std::vector<quorum_member>& members) {
  auto out = ordered_json::array();
  for (const auto& m : members) {
    const auto lag = q.lag_of(m);
    out.push_back({{"node", m.node}, {"directory", m.directory}, {"log_end", m.log_end},
                   {"lag", lag ? ordered_json(*lag) : ordered_json()}, {"caught_up_at_ms", m.caught_up_at_ms}});
  }
  return out;
}

}  // namespace

std::string to_text(const cluster_state& c) {
  std::string out = "cluster " + c.id + ", controller " + (c.controller < 0 ? "none" : std::to_string(c.controller))
                    + "\n";
  table nodes{{"node", "address", "rack", "state", "leaders", "replicas", "not in sync"}};
  for (const auto& n : c.nodes)
    nodes.add({std::to_string(n.id), posix::to_text(n.at), n.rack.empty() ? "-" : n.rack,
               n.fenced ? "fenced" : "alive", std::to_string(n.leaders),
               std::to_string(n.replicas), std::to_string(n.out_of_sync)});
  out += nodes.text(2) + quorum_text(c.quorum);
  out += "topics " + std::to_string(c.topics) + ", partitions " + std::to_string(c.partitions) + "\n";
  return out + names_text("under-replicated", c.under_replicated) + names_text("offline", c.offline)
         + moves_text(c.moves);
}

std::string to_json(const cluster_state& c) {
  auto nodes = ordered_json::array();
  for (const auto& n : c.nodes)
    nodes.push_back({{"id", n.id}, {"host", n.at.host}, {"port", n.at.port},
                     {"rack", n.rack.empty() ? ordered_json() : ordered_json(n.rack)},
                     {"fenced", n.fenced}, {"leaders", n.leaders},
                     {"replicas", n.replicas}, {"out_of_sync", n.out_of_sync}});
  ordered_json quorum;
  if (c.quorum)
    quorum = {{"leader", c.quorum->leader}, {"term", c.quorum->term}, {"high_watermark", c.quorum->high_watermark},
              {"voters", to_json(*c.quorum, c.quorum->voters)},
              {"observers", to_json(*c.quorum, c.quorum->observers)}};
  const ordered_json out = {{"cluster_id", c.id}, {"controller", c.controller}, {"nodes", std::move(nodes)},
                            {"quorum", std::move(quorum)}, {"topics", c.topics}, {"partitions", c.partitions},
                            {"under_replicated", c.under_replicated}, {"offline", c.offline},
                            {"reassignments", to_json(c.moves)}};
  return out.dump(2) + "\n";
}

}  // namespace troupe::tools
