@0xc61f7a20d95be843;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("troupe::schema");

using Id128 = import "metadata.capnp".Id128;

# What travels between two nodes. A link is one connection, opened by the node that calls; the other one answers. Each frame
# is a length, a LinkFrame and, behind it, the message that it carries, segment by segment as it lies in memory, with its
# attachments.

enum LinkLane {
  control @0; # elections, heartbeats, coordination: small and urgent
  data @1;    # replication: large
}

struct LinkHello {
  # The first frame in each direction; whoever does not like what it says answers with `refused` and closes.
  clusterId @0 :Text;    # empty: this node does not belong to a cluster yet
  node @1 :Int32;
  incarnation @2 :Id128; # drawn at each start of the process
  version @3 :UInt16;    # of this protocol; the lower one of both counts
  lane @4 :LinkLane;
  host @5 :Text;         # where this node listens for links; empty: nowhere
  port @6 :UInt16;
}

struct LinkFrame {
  union {
    hello @0 :LinkHello;
    refused @1 :Text;       # why, for a person
    call @2 :LinkCall;      # with a message
    reply @3 :UInt64;       # to the call of that number; with a message
    failure @4 :LinkFailure;
    watch @5 :Text;         # tell when this service ends
    down @6 :LinkDown;
    ping @7 :Void;          # are you there? answered by a pong
    pong @8 :Void;
  }
  messageType @9 :UInt64;   # Cap'n Proto's id of the struct that the message is; 0: none
  messageBytes @10 :UInt32;
  attachmentBytes @11 :List(UInt32);
}

struct LinkCall {
  service @0 :Text;  # which actor of the other node
  number @1 :UInt64; # 0: no answer is awaited
}

struct LinkFailure {
  # The call of that number was answered with an error.
  number @0 :UInt64;
  domain @1 :UInt8;
  code @2 :UInt8;
  text @3 :Text;
}

struct LinkDown {
  # A service that was watched has ended.
  service @0 :Text;
  reason @1 :Text;
}
