@0xd2a7c5f1b0e84631;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("troupe::schema");

# The conversation with a partition: append, read, offsets, trimming, leadership. Errors are not in these messages: a
# request that cannot be served is answered with an error of the log's or the node's domain.
#
# `records` fields are indices into the attachments that travel with a message; noAttachment means none.

const noAttachment :UInt32 = 0xffffffff;

struct PartitionAppend {
  # One record batch from a producer. Answered when `acks` is satisfied.
  records @0 :UInt32;
  acks @1 :Int16;             # 0 no answer is awaited, 1 the leader's log, -1 all in-sync replicas
  timeoutMs @2 :Int32;        # for acks = -1: how long to wait for the in-sync replicas
  leaderEpoch @3 :Int32 = -1; # the sender's view; -1 unknown
  transactionalId @4 :Text;   # of the producer, where the batch is a part of a transaction
  addsPartition @5 :Bool;     # the partition becomes a part of the transaction with its first batch (KIP-890)
  internal @6 :Bool;          # of the node's own making: a coordinator's journal
}

struct PartitionMarker {
  # A coordinator's word that a producer's transaction has ended. Answered with PartitionAppended when it is committed.
  producerId @0 :Int64;
  producerEpoch @1 :Int16;
  coordinatorEpoch @2 :Int32;
  commits @3 :Bool;
  transactionVersion @4 :Int16; # from 2 on the epoch is larger than that of the transaction's records (KIP-890)
  leaderEpoch @5 :Int32 = -1;   # as in PartitionAppend
  journaled @6 :Bool;           # comes from the actor whose journal the partition is
}

struct PartitionAppended {
  baseOffset @0 :Int64;
  logAppendTimeMs @1 :Int64 = -1; # -1 unless the topic stamps records itself
  logStartOffset @2 :Int64;
  refusal @3 :RecordRefusal;      # there when nothing was appended because of single records
}

struct RecordRefusal {
  # Single records for which a whole batch was refused (KIP-467). Other refusals are errors.
  timestamps @0 :Bool; # their timestamps were at fault, else their keys
  records @1 :List(RejectedRecord);
}

struct RejectedRecord {
  index @0 :Int32; # its place in the batch
  reason @1 :Text;
}

struct PartitionRead {
  # Records from `offset` on, below the high watermark. With `maxWaitMs` above 0 the partition holds the request back
  # until `minBytes` are there, the time is over or its role changes. A partition holds one request a reader back: a newer one
  # of the same reader answers the older one.
  offset @0 :Int64;
  maxBytes @1 :Int32;
  minBytes @2 :Int32;
  maxWaitMs @3 :Int32;
  leaderEpoch @4 :Int32 = -1;
  lastFetchedEpoch @5 :Int32 = -1; # KIP-595: lets the leader tell a divergence
  atLeastOneBatch @6 :Bool;        # a first batch larger than maxBytes is sent whole
  anyReplica @7 :Bool;             # a follower may serve it (KIP-392)
  committedOnly @9 :Bool;          # nothing of open transactions (KIP-98)
  nearNodes @8 :List(Int32);       # nodes nearer to the reader than this one; a leader sends it to one of them if it can
}

struct PartitionSlice {
  records @0 :UInt32 = 0xffffffff;
  highWatermark @1 :Int64;
  lastStableOffset @2 :Int64;
  logStartOffset @3 :Int64;
  divergingEpoch @4 :Int32 = -1; # the largest epoch at or below the asked one, and where it ends; -1 no divergence
  divergingEndOffset @5 :Int64 = -1;
  preferredReplica @6 :Int32 = -1; # read there instead: nothing else is told
  aborted @7 :List(AbortedTransaction); # whose records are among these and not committed; for `committedOnly`
}

struct AbortedTransaction {
  producerId @0 :Int64;
  firstOffset @1 :Int64;
}

struct PartitionOffsetQuery {
  # An offset by time, or one of the special times of ListOffsets: -1 latest, -2 earliest, -3 of the largest timestamp,
  # -4 earliest local, -5 last tiered, -6 earliest pending upload.
  timestampMs @0 :Int64;
  leaderEpoch @1 :Int32 = -1;
  asReplica @2 :Bool;        # any replica answers, and for all that is in its log
  committedOnly @3 :Bool;    # nothing of open transactions
}

struct PartitionOffset {
  offset @0 :Int64 = -1;
  timestampMs @1 :Int64 = -1;
  leaderEpoch @2 :Int32 = -1;
}

struct PartitionEpochQuery {
  # KIP-320: where did `epoch` end?
  epoch @0 :Int32;
  leaderEpoch @1 :Int32 = -1;
}

struct PartitionEpochEnd {
  epoch @0 :Int32 = -1;
  endOffset @1 :Int64 = -1;
}

struct PartitionTrim {
  # DeleteRecords: nothing below `beforeOffset` is served any more; -1 means the high watermark. Answered when every
  # replica in sync has deleted them, too: whichever leads next serves none of them.
  beforeOffset @0 :Int64;
  timeoutMs @1 :Int32;
}

struct PartitionTrimmed {
  lowWatermark @0 :Int64;
}

struct PartitionDescribe {
  # Sizes, offsets and, when asked, the active producers.
  producers @0 :Bool;
}

struct PartitionDescription {
  logStartOffset @0 :Int64;
  logEndOffset @1 :Int64;
  highWatermark @2 :Int64;
  sizeBytes @3 :Int64;
  producers @4 :List(ProducerDescription);
  offline @5 :Bool; # its log takes no more writes
  logDirectory @6 :Text; # the entry of log.dirs that it lies in
  futureDirectory @7 :Text;   # where it moves to; empty: nowhere
  futureSizeBytes @8 :Int64;
  futureLag @9 :Int64;        # records that the copy lacks
}

struct ProducerDescription {
  producerId @0 :Int64;
  producerEpoch @1 :Int32;
  lastSequence @2 :Int32;
  lastTimestampMs @3 :Int64;
  coordinatorEpoch @4 :Int32 = -1;
  currentTransactionStart @5 :Int64 = -1;
}

struct PartitionLeadership {
  # From the metadata: who leads under which epoch. Epochs never go back; an older message is ignored.
  leader @0 :Int32;
  leaderEpoch @1 :Int32;
  partitionEpoch @2 :Int32;
  replicas @3 :List(Int32);
  isr @4 :List(Int32);
  adding @5 :List(Int32); # of the replicas, those that a reassignment brings
}

struct PartitionDurable {
  # A partition's word to its supervisor: everything below `recoveryPoint` is durable; for the checkpoint files.
  topicName @0 :Text;
  index @1 :Int32;
  recoveryPoint @2 :Int64;
  logStartOffset @3 :Int64;
  cleanedTo @4 :Int64; # where the last compaction pass ended
  highWatermark @5 :Int64; # the last one that the replica knew
}
