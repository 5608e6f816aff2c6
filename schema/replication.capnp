@0x9d4e81b7f3c2605a;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("troupe::schema");

using Id128 = import "metadata.capnp".Id128;

# Followers and leaders. A node follows all partitions that another one leads through one conversation: it tells how far each
# of its replicas is, and gets records for those that have not got everything. It always has a ReplicaFetch open; a newer one
# answers the older one. What stands in a position stays true until the next one for the same partition.

struct ReplicaFetch {
  node @0 :Int32;                            # the follower
  brokerEpoch @1 :Int64;                     # of its registration (KIP-903)
  session @2 :UInt64;                        # another number than before: forget everything about this node
  positions @3 :List(ReplicaPosition);       # what has changed since the last ReplicaFetch of this session
}

struct ReplicaPosition {
  topic @0 :Id128;
  index @1 :Int32;
  leaderEpoch @2 :Int32;      # under which the follower follows
  logEnd @3 :Int64;           # records are wanted from here on
  durableEnd @4 :Int64;       # up to here they are on the follower's disk
  lastEpoch @5 :Int32 = -1;   # of the follower's last batch: tells the leader whether the logs agree (KIP-101, KIP-595)
  logStart @6 :Int64;
  ready @7 :Bool;             # it waits for records, as it has appended all that came before
  partitionEpoch @8 :Int32 = -1;  # that the follower knows: what it was before it left and came back does not count
}

struct ReplicaFetched {
  # Slices of the partitions that have something; attachments hold the records.
  slices @0 :List(ReplicaSlice);
}

const noRecords :UInt32 = 0xffffffff;

struct ReplicaSlice {
  topic @0 :Id128;
  index @1 :Int32;
  leaderEpoch @2 :Int32;              # of the leader
  records @3 :UInt32 = 0xffffffff;    # attachment: whole batches from the follower's log end on; none: no news but the rest
  highWatermark @4 :Int64;
  logStart @5 :Int64;
  divergingEpoch @6 :Int32 = -1;      # the largest epoch at or below the follower's last one, and where it ends at the leader
  divergingEnd @7 :Int64 = -1;
  refusal @8 :Refusal = none;
  from @9 :Int64 = -1;                # the log end that this answers; what was meant for another one does not hold
  asks @10 :Bool;                     # the leader wants to hear the follower's position, which need not be a new one

  enum Refusal {
    none @0;
    notLeader @1;       # wait for news from the controller
    fencedEpoch @2;     # the follower's leader epoch is an old one: likewise
    unknownEpoch @3;    # the leader's is: ask again in a moment
    outOfRange @4;      # the follower's log ends before the leader's starts: begin anew at logStart
    storage @5;         # the leader cannot read: ask again in a moment
  }
}

struct IsrChange {
  # Leaders ask for other in-sync replicas (KIP-497).
  node @0 :Int32;
  brokerEpoch @1 :Int64;
  wishes @2 :List(IsrWish);
}

struct IsrWish {
  topic @0 :Id128;
  index @1 :Int32;
  leaderEpoch @2 :Int32;
  partitionEpoch @3 :Int32;       # that the wish was derived from
  inSync @4 :List(Member);        # not looked at when the leader resigns
  resigns @5 :Bool;               # its disk has failed: another in-sync replica shall lead, if there is one

  struct Member {
    node @0 :Int32;
    brokerEpoch @1 :Int64 = -1;   # -1: not heard of since the leader took over
  }
}

struct IsrChanged {
  # One answer a wish, in their order. A granted one comes back as the partition is now; news of it also come with the
  # metadata, whichever is first.
  answers @0 :List(IsrAnswer);
}

struct IsrAnswer {
  topic @0 :Id128;
  index @1 :Int32;
  error @2 :Int16;                # Kafka's code, 0 when granted
  leader @3 :Int32 = -1;
  leaderEpoch @4 :Int32 = -1;
  partitionEpoch @5 :Int32 = -1;
  inSync @6 :List(Int32);
}
