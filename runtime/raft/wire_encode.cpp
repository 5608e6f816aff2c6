#include "runtime/raft/wire.hpp"

#include <utility>

namespace troupe::raft {

namespace {

void write(schema::RaftMember::Builder to, const member& from) {
  to.setNode(from.node.value);
  metadata::write_id(to.initDirectory(), from.directory.value);
}

void write(schema::RaftEntryId::Builder to, const entry_id& from) {
  to.setIndex(from.index);
  to.setTerm(from.term);
}

/// A message of type T with the envelope of `m`, the rest still to be filled in.
template <class T>
class letter : public wire_builder<T> {
 public:
  explicit letter(const message& m) {
    auto envelope = (*this)->initEnvelope();
    write(envelope.initFrom(), m.from);
    write(envelope.initTo(), m.to);
    envelope.setTerm(m.term);
  }
};

}  // namespace

wire<schema::RaftVoteRequest> encode(const message& m, const vote_request& body) {
  letter<schema::RaftVoteRequest> out{m};
  out->setPre(body.pre);
  out->setHandedOver(body.handed_over);
  write(out->initLast(), body.last);
  out->setRound(body.round);
  return std::move(out).freeze();
}

wire<schema::RaftVoteReply> encode(const message& m, const vote_reply& body) {
  letter<schema::RaftVoteReply> out{m};
  out->setPre(body.pre);
  out->setGranted(body.granted);
  out->setRound(body.round);
  write(out->initLeader(), body.leader);
  return std::move(out).freeze();
}

wire<schema::RaftAppendRequest> encode(const message& m, const append_request& body, byte_slice entries) {
  letter<schema::RaftAppendRequest> out{m};
  write(out->initPrev(), body.prev);
  out->setCommit(body.commit);
  out->setNumber(body.number);
  if (!entries.empty())
    out->setEntries(out.attach(std::move(entries)));
  return std::move(out).freeze();
}

wire<schema::RaftAppendReply> encode(const message& m, const append_reply& body) {
  letter<schema::RaftAppendReply> out{m};
  out->setAccepted(body.accepted);
  out->setMatch(body.match);
  write(out->initHint(), body.hint);
  out->setNumber(body.number);
  return std::move(out).freeze();
}

wire<schema::RaftSnapshotRequest> encode(const message& m, const snapshot_request& body, byte_slice piece) {
  letter<schema::RaftSnapshotRequest> out{m};
  write(out->initAt(), body.at);
  out->setOffset(body.offset);
  out->setLast(body.last);
  out->setNumber(body.number);
  out->setPiece(out.attach(std::move(piece)));
  return std::move(out).freeze();
}

wire<schema::RaftSnapshotReply> encode(const message& m, const snapshot_reply& body) {
  letter<schema::RaftSnapshotReply> out{m};
  write(out->initAt(), body.at);
  out->setNextOffset(body.next_offset);
  out->setNumber(body.number);
  return std::move(out).freeze();
}

wire<schema::RaftSubscribeRequest> encode(const message& m, const subscribe_request& body) {
  letter<schema::RaftSubscribeRequest> out{m};
  write(out->initLast(), body.last);
  return std::move(out).freeze();
}

wire<schema::RaftSubscribeReply> encode(const message& m, const subscribe_reply& body) {
  letter<schema::RaftSubscribeReply> out{m};
  write(out->initLeader(), body.leader);
  return std::move(out).freeze();
}

wire<schema::RaftTimeoutNow> encode(const message& m, const timeout_now&) {
  return letter<schema::RaftTimeoutNow>{m}.freeze();
}

}  // namespace troupe::raft
