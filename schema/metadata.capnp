@0x8b2d4c9ae17f5306;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("troupe::schema");

# The records of the metadata log. The log is the truth about the cluster: topics, who leads which partition, settings,
# brokers. Every node applies its records in order to an image. One entry of the log holds a list of records that take
# effect together.
#
# Every record states what is from now on, never a difference ("leader epoch is 5", not "one more"), so that applying a
# record twice is harmless. A node that meets a record it does not know stops with an error: it must not guess.

struct MetadataRecord {
  union {
    topic @0 :TopicRecord;
    partition @1 :PartitionRecord;
    partitionChange @2 :PartitionChangeRecord;
    topicRemoved @3 :TopicRemovedRecord;
    config @4 :ConfigRecord;
    producerIds @5 :ProducerIdsRecord;
    broker @6 :BrokerRecord;
    brokerChange @7 :BrokerChangeRecord;
    brokerRemoved @8 :BrokerRemovedRecord;
    voters @9 :VotersRecord;
    feature @10 :FeatureRecord;
  }
}

struct Id128 {
  # The 128 random bits of a topic id, an incarnation or a log directory's id, as two big-endian halves.
  high @0 :UInt64;
  low @1 :UInt64;
}

struct TopicRecord {
  # A topic exists from now on, without partitions yet. Neither its id nor its name is in use.
  id @0 :Id128;
  name @1 :Text;
}

struct PartitionRecord {
  # A partition of a topic exists, as stated here. The partitions of a topic are added in the order of their index, from 0.
  # In a snapshot this is also how a partition that has seen changes is written.
  topic @0 :Id128;
  index @1 :Int32;
  replicas @2 :List(Int32);       # nodes that hold a copy, the preferred leader first
  isr @3 :List(Int32);            # those of them that have every committed record
  leader @4 :Int32 = -1;          # -1: nobody leads, the partition is offline
  leaderEpoch @5 :Int32;          # grows with every change of the leader
  partitionEpoch @6 :Int32;       # grows with every change of this partition
  adding @7 :List(Int32);         # replicas that a reassignment under way adds (KIP-455)
  removing @8 :List(Int32);       # replicas that leave when it is done
  elr @9 :List(Int32);            # not in the ISR any more, but with every committed record (KIP-966)
  lastKnownElr @10 :List(Int32);  # who may lead when ISR and ELR are empty, at the price of records
  recovering @11 :Bool;           # the leader came out of an unclean election and has not settled yet
}

struct PartitionChangeRecord {
  # An existing partition is from now on as the fields present say; what is absent stays.
  topic @0 :Id128;
  index @1 :Int32;
  replicas @2 :List(Int32);       # absent: null
  isr @3 :List(Int32);            # absent: null
  leader @4 :Int32 = -2;          # absent: -2; -1: nobody leads
  leaderEpoch @5 :Int32 = -1;     # absent: -1
  partitionEpoch @6 :Int32;       # always there, and larger than before unless the record is applied again
  adding @7 :List(Int32);         # absent: null
  removing @8 :List(Int32);       # absent: null
  elr @9 :List(Int32);            # absent: null
  lastKnownElr @10 :List(Int32);  # absent: null
  recovery @11 :Recovery;

  enum Recovery {
    unchanged @0;
    recovered @1;
    recovering @2;
  }
}

struct TopicRemovedRecord {
  # A topic is gone, with its partitions and settings. Its id is never used again.
  id @0 :Id128;
}

struct ConfigRecord {
  # One setting was given a value or lost it.
  resource :union {
    clusterDefault @0 :Void;      # for all brokers that have no value of their own
    broker @1 :Int32;             # for one node, registered or not
    topic @2 :Id128;
    group @6 :Text;               # for the consumer group of that id, whether it exists or not; not empty
  }
  key @3 :Text;
  state :union {
    value @4 :Text;               # as given; may be empty
    removed @5 :Void;
  }
}

struct ProducerIdsRecord {
  # A block of producer ids was given to a node. All ids below `nextId` are used up.
  nextId @0 :Int64;
  nodeId @1 :Int32;
  brokerEpoch @2 :Int64 = -1;     # registration of the node that asked
}

struct BrokerRecord {
  # A broker has registered; replaces an earlier registration of the same id, whose epoch is not larger.
  id @0 :Int32;
  incarnation @1 :Id128;       # drawn at each start of the process: tells a restart from a repetition
  epoch @2 :Int64;                # grows with every registration of this id
  endpoints @3 :List(Endpoint);   # where clients and other nodes reach it
  rack @4 :Text;                  # null when it has none
  fenced @5 :Bool = true;         # a fenced broker leads nothing and is in no ISR
  directory @6 :Id128;            # its first log directory: another one means that the records are gone; absent: unknown
  cleanStop @7 :Bool;             # the process before came to a clean stop

  struct Endpoint {
    listener @0 :Text;            # name of the listener
    host @1 :Text;
    port @2 :UInt16;
    protocol @3 :Text;            # PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL
  }
}

struct BrokerChangeRecord {
  # What an existing registration says about the broker's state from now on.
  id @0 :Int32;
  epoch @1 :Int64;                # of the registration that is meant; one of another epoch is left alone
  fenced @2 :Bool;
  shuttingDown @3 :Bool;          # in controlled shutdown: leads nothing new
}

struct BrokerRemovedRecord {
  # A registration has ended for good.
  id @0 :Int32;
  epoch @1 :Int64;
}

struct VotersRecord {
  # The voters of the metadata log's quorum from now on: always the whole set (KIP-853).
  voters @0 :List(Voter);

  struct Voter {
    id @0 :Int32;
    directory @1 :Id128;          # of its metadata log: a voter that lost its disk is another voter
    host @2 :Text;
    port @3 :UInt16;
  }
}

struct FeatureRecord {
  # The level at which a feature is finalized for the whole cluster (KIP-584).
  name @0 :Text;
  level @1 :Int16;                # 0: not finalized
}
