#pragma once

#include "runtime/raft/errors.hpp"
#include "runtime/raft/messages.hpp"
#include "runtime/wire/builder.hpp"
#include "schema/raft.capnp.h"

#include <functional>
#include <type_traits>
#include <variant>
#include <vector>

/// The members' messages in the form in which they travel. What comes from a peer is checked here: whatever `decode`
/// gives may be handed to a participant. Error of all: `malformed_message`.
namespace troupe::raft {

/// The messages without bulk: `body` is that of `m`.
wire<schema::RaftVoteRequest> encode(const message& m, const vote_request& body);
wire<schema::RaftVoteReply> encode(const message& m, const vote_reply& body);
wire<schema::RaftAppendReply> encode(const message& m, const append_reply& body);
wire<schema::RaftSnapshotReply> encode(const message& m, const snapshot_reply& body);
wire<schema::RaftSubscribeRequest> encode(const message& m, const subscribe_request& body);
wire<schema::RaftSubscribeReply> encode(const message& m, const subscribe_reply& body);
wire<schema::RaftTimeoutNow> encode(const message& m, const timeout_now& body);

/// An append request with `entries` in the form of `metadata::encode_entries`; empty: none.
wire<schema::RaftAppendRequest> encode(const message& m, const append_request& body, byte_slice entries);
/// A snapshot request with the piece that its `size` and `last` speak of.
wire<schema::RaftSnapshotRequest> encode(const message& m, const snapshot_request& body, byte_slice piece);

/// Gives `use` the `wire<...>` of a message of `effects::send`; those have no bulk.
template <class Use>
void encode_and(const message& m, Use use) {
  std::visit([&]<class Body>(const Body& body) {
    if constexpr (!std::is_same_v<Body, append_request> && !std::is_same_v<Body, snapshot_request>)
      use(encode(m, body));
  }, m.body);
}

/// The messages without bulk.
expected<message> decode(const wire<schema::RaftVoteRequest>& m);
expected<message> decode(const wire<schema::RaftVoteReply>& m);
expected<message> decode(const wire<schema::RaftAppendReply>& m);
expected<message> decode(const wire<schema::RaftSnapshotReply>& m);
expected<message> decode(const wire<schema::RaftSubscribeRequest>& m);
expected<message> decode(const wire<schema::RaftSubscribeReply>& m);
expected<message> decode(const wire<schema::RaftTimeoutNow>& m);

/// An append request and the entries that came with it.
struct received_entries {
  raft::message message;
  std::vector<metadata::entry> entries;
};
/// The voters that an entry with these records sets; none when it does not.
using voters_of = std::function<std::optional<voter_set>(const metadata::records&)>;
/// `voters` looks into each of the entries.
expected<received_entries> decode(const wire<schema::RaftAppendRequest>& m, const voters_of& voters);

/// A snapshot request and its piece.
struct received_piece {
  raft::message message;
  byte_slice piece;
};
expected<received_piece> decode(const wire<schema::RaftSnapshotRequest>& m);

}  // namespace troupe::raft
