#include "runtime/metadata/entry_codec.hpp"
#include "runtime/raft/bounds.hpp"
#include "runtime/raft/wire.hpp"

#include <string>
#include <utility>

namespace troupe::raft {

namespace {

member read(schema::RaftMember::Reader from) {
  return {node_id{from.getNode()}, directory_id{metadata::read_id(from.getDirectory())}};
}

entry_id read(schema::RaftEntryId::Reader from) {
  return {from.getIndex(), from.getTerm()};
}

/// The message of `envelope` around `body`.
template <class Body>
message open(schema::RaftEnvelope::Reader envelope, Body body) {
  return {read(envelope.getFrom()), read(envelope.getTo()), envelope.getTerm(), std::move(body)};
}

error malformed(schema::RaftEnvelope::Reader envelope, const std::string& why) {
  return make_error(errc::malformed_message, "node " + std::to_string(envelope.getFrom().getNode())
                                               + " sent a message of the metadata quorum that cannot be: " + why);
}

bool is_possible(entry_id at) {
  return at.index >= 0 && at.term >= 0;
}

/// `message`, when its envelope and the positions in it can be.
expected<message> checked(schema::RaftEnvelope::Reader envelope, message out, std::initializer_list<entry_id> positions,
                          std::initializer_list<std::int64_t> numbers) {
  if (out.from.node.value < 0 || out.term < 0 || out.term > bounds::raft_term_max)
    return malformed(envelope, "no node or no term is like that");
  for (const auto& at : positions)
    if (!is_possible(at))
      return malformed(envelope, "an index or a term is negative");
  for (const auto n : numbers)
    if (n < 0)
      return malformed(envelope, "an index or an offset is negative");
  return out;
}

}  // namespace

expected<message> decode(const wire<schema::RaftVoteRequest>& m) {
  const vote_request body{m->getPre(), m->getHandedOver(), read(m->getLast()), m->getRound()};
  return checked(m->getEnvelope(), open(m->getEnvelope(), body), {body.last}, {});
}

expected<message> decode(const wire<schema::RaftVoteReply>& m) {
  const vote_reply body{m->getPre(), m->getGranted(), m->getRound(), read(m->getLeader())};
  return checked(m->getEnvelope(), open(m->getEnvelope(), body), {}, {});
}

expected<message> decode(const wire<schema::RaftAppendReply>& m) {
  const append_reply body{m->getAccepted(), m->getMatch(), read(m->getHint()), m->getNumber()};
  return checked(m->getEnvelope(), open(m->getEnvelope(), body), {body.hint}, {body.match});
}

expected<message> decode(const wire<schema::RaftSnapshotReply>& m) {
  const snapshot_reply body{read(m->getAt()), m->getNextOffset(), m->getNumber()};
  return checked(m->getEnvelope(), open(m->getEnvelope(), body), {body.at}, {body.next_offset});
}

expected<message> decode(const wire<schema::RaftSubscribeRequest>& m) {
  const subscribe_request body{read(m->getLast())};
  return checked(m->getEnvelope(), open(m->getEnvelope(), body), {body.last}, {});
}

expected<message> decode(const wire<schema::RaftSubscribeReply>& m) {
  return checked(m->getEnvelope(), open(m->getEnvelope(), subscribe_reply{read(m->getLeader())}), {}, {});
}

expected<message> decode(const wire<schema::RaftTimeoutNow>& m) {
  return checked(m->getEnvelope(), open(m->getEnvelope(), timeout_now{}), {}, {});
}

expected<received_entries> decode(const wire<schema::RaftAppendRequest>& m, const voters_of& voters) {
  const auto envelope = m->getEnvelope();
  append_request body{read(m->getPrev()), {}, m->getCommit(), m->getNumber()};
  const auto* bytes = std::get_if<byte_slice>(&m.attachment(m->getEntries()));
  if (!bytes)
    return malformed(envelope, "its entries are a part of a file");
  auto entries = metadata::decode_entries(*bytes, bounds::raft_entries_per_append_max);
  if (!entries)
    return malformed(envelope, render(entries.error()));
  if (!entries->empty()) {
    const auto& first = entries->front().at;
    const bool from_the_future = entries->back().at.term > envelope.getTerm();
    if (first.index != body.prev.index + 1 || first.term < body.prev.term || from_the_future)
      return malformed(envelope, "its entries do not follow entry " + std::to_string(body.prev.index));
  }
  for (const auto& e : *entries) {
    body.entries.push_back({e.at.term, voters(e.records)});
    if (const auto& set = body.entries.back().voters; set && (set->empty() || set->size() > bounds::raft_voters_max))
      return malformed(envelope, "it leaves " + std::to_string(set->size()) + " voters");
  }
  const auto prev = body.prev;
  const auto commit = body.commit;
  auto out = checked(envelope, open(envelope, std::move(body)), {prev}, {commit});
  if (!out)
    return out.error();
  return received_entries{std::move(*out), std::move(*entries)};
}

expected<received_piece> decode(const wire<schema::RaftSnapshotRequest>& m) {
  const auto envelope = m->getEnvelope();
  const auto* piece = std::get_if<byte_slice>(&m.attachment(m->getPiece()));
  if (!piece || (piece->empty() && !m->getLast()))
    return malformed(envelope, "it has no piece of a snapshot");
  const snapshot_request body{read(m->getAt()), m->getOffset(), static_cast<std::int64_t>(piece->size()), m->getLast(),
                              m->getNumber()};
  auto out = checked(envelope, open(envelope, body), {body.at}, {body.offset});
  if (!out)
    return out.error();
  return received_piece{std::move(*out), *piece};
}

}  // namespace troupe::raft
