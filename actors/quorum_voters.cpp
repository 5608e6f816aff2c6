#include "actors/quorum_voters.hpp"

#include "runtime/metadata/record_builders.hpp"

namespace troupe {

raft::voter_set voters_in(const std::vector<metadata::voter>& from) {
  raft::voter_set out;
  for (const auto& v : from)
    out.push_back({{v.id, raft::directory_id{v.directory}}, v.host, v.port});
  return out;
}

std::vector<metadata::voter> voters_out(const raft::voter_set& from) {
  std::vector<metadata::voter> out;
  for (const auto& v : from)
    out.push_back({v.id.node, v.id.directory.value, v.host, v.port});
  return out;
}

std::optional<raft::voter_set> voters_of(const metadata::records& all) {
  std::optional<raft::voter_set> out;
  for (const auto& r : all)
    if (r->isVoters())
      out = voters_in(metadata::read_voters(r->getVoters()));
  return out;
}

}  // namespace troupe
