// The quorum's messages: over which link they go, and the bulk that some of them carry.

#include "actors/quorum.hpp"
#include "actors/quorum_voters.hpp"
#include "runtime/base/bounds.hpp"
#include "runtime/base/sites.hpp"
#include "runtime/metadata/entry_codec.hpp"
#include "runtime/metadata/record_builders.hpp"
#include "runtime/metadata/snapshot.hpp"
#include "runtime/node/context.hpp"
#include "runtime/raft/bounds.hpp"
#include "runtime/wire/caf.hpp"

#include <caf/all.hpp>

#include <algorithm>

namespace troupe {

namespace {

constexpr std::size_t waiting_messages_max = 32;  // newer ones say all that older ones said

}  // namespace

// -- out --------------------------------------------------------------------------------------------------------------

void quorum::send_all(raft::effects& todo) {
  for (const auto& m : todo.send)
    raft::encode_and(m, [&](auto encoded) { send(m.to, caf::make_message(std::move(encoded))); });
  for (auto& order : todo.appends)
    send_entries(order);
  for (auto& order : todo.snapshots)
    send_piece(order);
}

void quorum::send_entries(raft::append_order& order) {
  auto& body = std::get<raft::append_request>(order.request.body);
  byte_slice bytes;
  if (order.until > body.prev.index + 1) {
    const auto bytes_max = buggify("one entry at a time") ? std::size_t{1} : bounds::raft_append_bytes;
    auto entries = journal_->read(body.prev.index + 1, order.until, bytes_max);
    if (!entries)
      return context_->log.write(log_level::error, "controller", render(entries.error()));
    auto encoded = metadata::encode_entries(*entries);
    if (!encoded)
      return context_->log.write(log_level::error, "controller", render(encoded.error()));
    if (entries->back().at.index + 1 < order.until)
      participant_->sent_until(order, entries->back().at.index + 1);
    bytes = byte_slice::adopt(std::move(*encoded));
  }
  send(order.request.to, caf::make_message(raft::encode(order.request, body, std::move(bytes))));
}

void quorum::send_piece(raft::snapshot_order& order) {
  auto& body = std::get<raft::snapshot_request>(order.request.body);
  if (outgoing_.at != body.at || outgoing_.content.empty()) {
    auto content = read_file(context_->storage, how_.directory + "/" + metadata::snapshot_name(body.at),
                             static_cast<std::size_t>(bounds::raft_snapshot_bytes_max));
    if (!content)
      return context_->log.write(log_level::error, "controller", render(content.error()));
    outgoing_ = {body.at, byte_slice::adopt(std::move(*content))};
  }
  const auto from = static_cast<std::size_t>(body.offset);
  if (from > outgoing_.content.size())
    return;
  const auto size = std::min(bounds::raft_piece_bytes, outgoing_.content.size() - from);
  body.size = static_cast<std::int64_t>(size);
  body.last = from + size == outgoing_.content.size();
  send(order.request.to, caf::make_message(raft::encode(order.request, body, outgoing_.content.sub(from, size))));
}

// -- in ---------------------------------------------------------------------------------------------------------------

void quorum::receive(const wire<schema::RaftAppendRequest>& m) {
  if (!participant_)
    return;  // not open yet
  auto decoded = raft::decode(m, voters_of);
  if (!decoded)
    return context_->log.write(log_level::warning, "controller", render(decoded.error()));
  execute(participant_->step(now(), decoded->message), {&decoded->entries, nullptr, nullptr});
}

void quorum::receive(const wire<schema::RaftSnapshotRequest>& m) {
  if (!participant_)
    return;
  auto decoded = raft::decode(m);
  if (!decoded)
    return context_->log.write(log_level::warning, "controller", render(decoded.error()));
  execute(participant_->step(now(), decoded->message), {nullptr, nullptr, &decoded->piece});
}

error quorum::keep_piece(const raft::snapshot_request& what, const byte_slice& piece) {
  if (what.offset == 0)
    incoming_ = {what.at, {}};
  incoming_.content.insert(incoming_.content.end(), piece.view().begin(), piece.view().end());
  return {};
}

void quorum::install(metadata::entry_id at) {
  const auto content = std::exchange(incoming_.content, {});
  auto records = metadata::decode_snapshot(at, content);
  using loaded = expected<std::shared_ptr<const metadata::image>>;
  auto image = records ? metadata::load_snapshot(at, *records) : loaded{records.error()};
  if (!image) {
    context_->log.write(log_level::error, "controller",
                        "a snapshot from the leader cannot be used: " + render(image.error()));
    return participant_->install_failed();
  }
  if (auto failed = journal_->install_snapshot(at, *records))
    return fail(failed);
  probe("metadata snapshot installed");
  image_ = std::move(*image);
  tell_addresses();
  execute(participant_->installed(now(), voters_in(image_->voters())));
  heard_.committed();
}

// -- links ------------------------------------------------------------------------------------------------------------

caf::actor quorum::leader_handle() const {
  const auto found = links_.find(view_.leader.node);
  return found == links_.end() ? caf::actor{} : found->second.controller;
}

void quorum::send(const raft::member& to, caf::message m) {
  if (to.node.value < 0)
    return send_to_seed(std::move(m));
  auto& link = links_[to.node];
  if (link.controller) {
    self_->send(link.controller, std::move(m));
    return;
  }
  if (link.waiting.size() >= waiting_messages_max)
    link.waiting.pop_front();
  link.waiting.push_back(std::move(m));
  if (std::exchange(link.asked, true))
    return;
  self_->request(peers_, caf::infinite, peer_wanted{to.node, schema::LinkLane::CONTROL, "controller"})
    .then([this](const peer_handle& handle) { found(handle); },
          [this, node = to.node](const caf::error&) {
            links_[node].asked = false;
            links_[node].waiting.clear();
          });
}

/// To whoever of the cluster can be reached: one after the other.
void quorum::send_to_seed(caf::message m) {
  auto all = how_.seeds;
  for (const auto& v : view_.voters)
    if (v.id.node != context_->self && !v.host.empty())
      all.push_back({v.host, v.port});
  std::erase_if(all, [this](const endpoint& e) {
    return e.host == context_->peer_address().host && e.port == context_->peer_address().port;
  });
  if (all.empty())
    return;
  self_->request(peers_, caf::infinite, seed_wanted{all[next_seed_++ % all.size()], "controller"})
    .then([this, m](const peer_handle& handle) {
            auto& link = links_[handle.peer];
            if (!link.controller)
              link.waiting.push_back(m);
            else
              self_->send(link.controller, m);
            found(handle);
          },
          [](const caf::error&) {});
}

void quorum::found(const peer_handle& m) {
  auto& link = links_[m.peer];
  link.asked = false;
  if (!link.controller) {
    link.controller = m.actor;
    link.incarnation = m.incarnation;
    self_->monitor(m.actor);
  }
  for (auto& waiting : std::exchange(link.waiting, {}))
    self_->send(link.controller, std::move(waiting));
  heard_.met(m.peer);
}

void quorum::peer_down(const caf::down_msg& m) {
  for (auto& [node, link] : links_) {
    if (!link.controller || link.controller.address() != m.source)
      continue;
    const auto incarnation = link.incarnation;
    const auto gone = node;
    link = {};
    execute(participant_->lost(now(), gone));
    heard_.lost(gone, incarnation);
    return;
  }
}

/// Voters are found by what the newest set says of them, brokers by their registration.
void quorum::tell_addresses() {
  peer_addresses known;
  for (const auto& v : view_.voters)
    if (!v.host.empty())
      known.known[v.id.node] = {v.host, v.port};
  for (const auto& [id, b] : image_->brokers())
    if (const auto* at = b->find(context_->peer_listener_name()))
      known.known[id] = {at->host, at->port};
  known.known.erase(context_->self);
  if (!known.known.empty())
    self_->send(peers_, std::move(known));
}

}  // namespace troupe
