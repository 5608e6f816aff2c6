// The active controller and the voters: what clients ask about them, and those that come and go by themselves.

#include "actors/controller_bounds.hpp"
#include "actors/controller_reign.hpp"
#include "actors/controller_refusal.hpp"
#include "actors/quorum_description.hpp"
#include "actors/quorum_voters.hpp"
#include "actors/voter_wishes.hpp"
#include "runtime/base/bounds.hpp"
#include "runtime/kafka/request.hpp"
#include "runtime/metadata/record_builders.hpp"
#include "runtime/node/context.hpp"

#include <caf/all.hpp>

namespace troupe {

using schema::ControllerReply;

namespace {

template <class Request>
expected<Request> read(std::int16_t version, const byte_slice& body) {
  kafka::reader in{body};
  Request r;
  r.decode(in, version);
  if (auto problem = kafka::check_read(in, Request::api_name))
    return problem;
  return r;
}

template <class Response>
wire<ControllerReply> reply_with(const Response& response, std::int16_t version, std::int64_t applied) {
  kafka::writer out;
  response.encode(out, version);
  return controller_reply(flatten(std::move(out).finish()), applied);
}

}  // namespace

// -- what clients ask -------------------------------------------------------------------------------------------------

void controller_reign::describe_quorum(std::int16_t version, const byte_slice& body, answer<ControllerReply> to) {
  const auto r = read<kafka::describe_quorum_request>(version, body);
  if (!r)
    return void(to.deliver(r.error()));
  const auto told = troupe::describe_quorum(*r, seat_->view(), context_->peer_listener_name(),
                                            {context_->time.monotonic_now(), context_->time.wall_now()});
  to.deliver(reply_with(told, version, seat_->image()->applied_index()));
}

/// Refuses what cannot be, and answers anything else when the new voters are committed.
template <class Response>
void controller_reign::change_voters(const wished_voters& wish, bool await_commit, std::int16_t version,
                                     answer<ControllerReply> to) {
  const auto reply = [this, version](const Response& response) {
    return reply_with(response, version, seat_->image()->applied_index());
  };
  Response refused;
  if (wish.code != kafka::error_code::none) {
    refuse(refused, wish.code, wish.why);
    return void(to.deliver(reply(refused)));
  }
  std::function<void()> done = [to, reply]() mutable { to.deliver(reply(Response{})); };
  std::function<void()> nothing = [] {};
  std::function<void()> lost = [to]() mutable { to.deliver(deposed()); };
  if (auto why = commit_voters(wish.voters, await_commit ? done : nothing, await_commit ? lost : nothing)) {
    refuse(refused, voter_code_of(why), render(why));
    return void(to.deliver(reply(refused)));
  }
  if (!await_commit)
    done();
}

void controller_reign::add_raft_voter(std::int16_t version, const byte_slice& body, answer<ControllerReply> to) {
  const auto r = read<kafka::add_raft_voter_request>(version, body);
  if (!r)
    return void(to.deliver(r.error()));
  const auto wish = with_voter(seat_->view().voters, *r, context_->cluster_id(), context_->peer_listener_name());
  change_voters<kafka::add_raft_voter_response>(wish, r->ack_when_committed, version, std::move(to));
}

void controller_reign::remove_raft_voter(std::int16_t version, const byte_slice& body, answer<ControllerReply> to) {
  const auto r = read<kafka::remove_raft_voter_request>(version, body);
  if (!r)
    return void(to.deliver(r.error()));
  const auto wish = without_voter(seat_->view().voters, *r, context_->cluster_id());
  change_voters<kafka::remove_raft_voter_response>(wish, true, version, std::move(to));
}

/// As `commit`, for the entry that makes `voters` the voters. Error: the quorum refuses, and neither is called.
error controller_reign::commit_voters(const raft::voter_set& voters, std::function<void()> then,
                                      std::function<void()> lost) {
  metadata::records made{metadata::voters_record(voters_out(voters))};
  const auto index = seat_->next_index();
  pending_.push_back({index, std::move(then), std::move(lost)});
  const auto refused = seat_->propose_voters(voters, std::move(made));
  // When this node was deposed in the middle of it, `lost` has been called already.
  if (!refused || pending_.empty() || pending_.back().index != index)
    return {};
  pending_.pop_back();
  return refused;
}

// -- by themselves ----------------------------------------------------------------------------------------------------

/// While there are fewer voters than a quorum should have, brokers that follow the log become voters, one at a time.
/// With two of them losing either stops the quorum, so the third one does not wait for the next look at the brokers.
void controller_reign::add_voter() {
  const auto& seat = seat_->view();
  if (!context_->settings.flag("controller.quorum.auto.join.enable"))
    return;
  for (const auto& peer : seat.peers) {
    const auto id = peer.id;  // the view is another one after a proposal
    const auto broker = head_->find_broker(peer.id.node);
    if (peer.is_voter || !broker || broker->fenced || broker->shutting_down
        || raft::contains_node(seat.voters, peer.id.node)
        || (seat.voters.size() >= bounds::voters_wanted && !replaced_.contains(peer.id.node)))
      continue;
    const auto* at = broker->find(context_->peer_listener_name());
    if (!at)
      continue;
    auto voters = seat.voters;
    voters.push_back({id, at->host, at->port});
    if (!commit_voters(voters, [] {}, [] {})) {
      say(log_level::info, "makes node " + std::to_string(id.node.value) + " a voter");
      replaced_.erase(id.node);
      return;
    }
  }
}

/// A voter that came back with an empty disk gets its vote back in two steps: the old entry goes, the new one comes.
/// The quorum refuses the first one unless those that are left have a majority without it.
void controller_reign::replace_wiped_voter() {
  if (!context_->settings.flag("controller.quorum.auto.join.enable"))
    return;
  const auto& seat = seat_->view();
  const auto wiped = wiped_voter(seat, context_->time.monotonic_now(), bounds::wiped_voter_silence);
  if (!wiped)
    return;
  auto voters = seat.voters;
  std::erase_if(voters, [&](const auto& v) { return v.id == *wiped; });
  if (commit_voters(voters, [] {}, [] {}))
    return;
  replaced_.insert(wiped->node);
  say(log_level::info, "removes the voter that node " + std::to_string(wiped->node.value)
                         + " was on its former disk");
}

}  // namespace troupe
