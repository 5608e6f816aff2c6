@0xe6b14f0c83d95a27;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("troupe::schema");

using Metadata = import "metadata.capnp";

# What the members of the metadata quorum say to each other: Raft. Nobody waits for a reply: each message stands for
# itself, and may be lost, doubled or late. Numbers that come back in a reply tell which request it answers.
#
# `entries` and `piece` are indices into the attachments that travel with a message; 0xffffffff means none.

struct RaftMember {
  # A node on one disk: with another disk it is somebody else. Node -1: whoever reads this.
  node @0 :Int32 = -1;
  directory @1 :Metadata.Id128;
}

struct RaftEntryId {
  index @0 :Int64;
  term @1 :Int64;
}

struct RaftEnvelope {
  # `to` is who the sender believes the receiver to be; another one takes no notice.
  from @0 :RaftMember;
  to @1 :RaftMember;
  term @2 :Int64;         # the sender's
}

struct RaftVoteRequest {
  # Will you vote for me in my term? With `pre`: would you in the next one?
  envelope @0 :RaftEnvelope;
  pre @1 :Bool;
  handedOver @2 :Bool;    # the leader of the term before asked for this election
  last @3 :RaftEntryId;   # end of the candidate's log
  round @4 :Int64;
}

struct RaftVoteReply {
  envelope @0 :RaftEnvelope;
  pre @1 :Bool;
  granted @2 :Bool;
  round @3 :Int64;
  leader @4 :RaftMember;  # whom the refusing member follows
}

struct RaftAppendRequest {
  # Entries that follow `prev`; none in a sign of life.
  envelope @0 :RaftEnvelope;
  prev @1 :RaftEntryId;
  commit @2 :Int64;       # last entry that the leader knows to be committed
  number @3 :Int64;
  entries @4 :UInt32 = 0xffffffff;  # frames of the metadata log's journal, one after the other
}

struct RaftAppendReply {
  envelope @0 :RaftEnvelope;
  accepted @1 :Bool;      # false: `prev` of the request is not in this log
  match @2 :Int64;        # last entry that is durable here and the same at the leader
  hint @3 :RaftEntryId;   # not accepted: newest entry before `prev` that may be the same
  number @4 :Int64;
}

struct RaftSnapshotRequest {
  # A piece of the snapshot of the state after entry `at`, for a member that needs entries which are gone.
  envelope @0 :RaftEnvelope;
  at @1 :RaftEntryId;
  offset @2 :Int64;
  last @3 :Bool;
  number @4 :Int64;
  piece @5 :UInt32 = 0xffffffff;
}

struct RaftSnapshotReply {
  # Taken; the next piece begins at `nextOffset`. The last one is answered by a RaftAppendReply when it is all in place.
  envelope @0 :RaftEnvelope;
  at @1 :RaftEntryId;
  nextOffset @2 :Int64;
  number @3 :Int64;
}

struct RaftSubscribeRequest {
  # From a member that hears from no leader: push the log to me. A leader answers by doing so.
  envelope @0 :RaftEnvelope;
  last @1 :RaftEntryId;   # end of the member's log
}

struct RaftSubscribeReply {
  envelope @0 :RaftEnvelope;
  leader @1 :RaftMember;  # who leads as far as is known; node -1: unknown
}

struct RaftTimeoutNow {
  # From a leader that stops: hold an election now, without asking first.
  envelope @0 :RaftEnvelope;
}
