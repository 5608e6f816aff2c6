#include "actors/voter_wishes.hpp"

#include "actors/controller_refusal.hpp"
#include "runtime/raft/bounds.hpp"

#include <algorithm>

namespace troupe {

namespace {

using kafka::error_code;

wished_voters refuse_wish(error_code code, std::string why) {
  return {{}, code, std::move(why)};
}

std::optional<wished_voters> wrong_cluster(const std::optional<std::string>& named, const std::string& cluster_id) {
  if (!named || *named == cluster_id)
    return std::nullopt;
  return refuse_wish(error_code::inconsistent_cluster_id,
                     "the request is for cluster " + *named + ", but this is cluster " + cluster_id);
}

}  // namespace

wished_voters with_voter(const raft::voter_set& now, const kafka::add_raft_voter_request& r,
                         const std::string& cluster_id, const std::string& listener) {
  if (auto wrong = wrong_cluster(r.cluster_id, cluster_id))
    return *wrong;
  const raft::member added{node_id{r.voter_id}, raft::directory_id{r.voter_directory_id}};
  if (r.voter_id < 0 || r.voter_directory_id.is_zero())
    return refuse_wish(error_code::invalid_request, "a voter needs an id of 0 or more and the id of its directory");
  if (raft::contains_node(now, added.node))
    return refuse_wish(error_code::duplicate_voter, "node " + std::to_string(r.voter_id)
                                                      + " is a voter already; remove that voter first");
  const auto at = std::find_if(r.listeners.begin(), r.listeners.end(),
                               [&](const auto& l) { return l.name == listener; });
  if (at == r.listeners.end())
    return refuse_wish(error_code::invalid_request,
                       "the voter's listener " + listener + " is missing: the others reach it there");
  auto voters = now;
  voters.push_back({added, at->host, at->port});
  return {std::move(voters)};
}

wished_voters without_voter(const raft::voter_set& now, const kafka::remove_raft_voter_request& r,
                            const std::string& cluster_id) {
  if (auto wrong = wrong_cluster(r.cluster_id, cluster_id))
    return *wrong;
  const raft::member removed{node_id{r.voter_id}, raft::directory_id{r.voter_directory_id}};
  if (!raft::contains(now, removed))
    return refuse_wish(error_code::voter_not_found,
                       "node " + std::to_string(r.voter_id) + " with that directory id is not a voter");
  if (now.size() == 1)
    return refuse_wish(error_code::voter_not_found,
                       "node " + std::to_string(r.voter_id) + " is the only voter; add another one first");
  auto voters = now;
  std::erase_if(voters, [&](const auto& v) { return v.id == removed; });
  return {std::move(voters)};
}

error_code voter_code_of(const error& e) {
  using raft::errc;
  if (raft::is(e, errc::not_leader) || raft::is(e, errc::handing_over))
    return error_code::not_controller;
  if (raft::is(e, errc::change_pending) || raft::is(e, errc::term_not_committed) || raft::is(e, errc::not_caught_up)
      || raft::is(e, errc::quorum_out_of_reach))
    return error_code::request_timed_out;
  if (raft::is(e, errc::duplicate_voter))
    return error_code::duplicate_voter;
  if (raft::is(e, errc::voter_not_found))
    return error_code::voter_not_found;
  return raft::is(e, errc::invalid_change) ? error_code::invalid_request : metadata_code_of(e);
}

std::optional<raft::member> wiped_voter(const raft::view& seat, monotonic_time now, std::chrono::nanoseconds silence) {
  const auto is_silent = [&](const raft::member& who) {
    return std::none_of(seat.peers.begin(), seat.peers.end(),
                        [&](const auto& p) { return p.id == who && now - p.heard_at <= silence; });
  };
  for (const auto& v : seat.voters)
    for (const auto& p : seat.peers)
      if (p.id.node == v.id.node && !p.is_voter && p.lag <= bounds::raft_voter_lag_max && !is_silent(p.id)
          && v.id != seat.leader && is_silent(v.id))
        return v.id;
  return std::nullopt;
}

}  // namespace troupe
