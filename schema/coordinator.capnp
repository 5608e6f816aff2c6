@0xc83b5e1f7a2d9046;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("troupe::schema");

# The conversation with a coordinator, which lives beside the leader of a partition and is asked through it. Requests
# come as the client encoded them: both sides have the codec, so that this conversation does not grow with every API. A
# request that cannot be answered in its own terms is answered with an error of the node's domain.

struct CoordinatorRequest {
  apiKey @0 :Int16;
  apiVersion @1 :Int16;
  body @2 :UInt32;      # attachment: the request's body, without its header
  clientId @3 :Text;
  clientHost @4 :Text;
  coordinator @5 :Int32 = -1; # partition of __transaction_state, where the request goes to a node
}

struct CoordinatorReply {
  # Sent once what it tells is committed.
  body @0 :UInt32;      # attachment: the response's body, without its header
}

struct MarkerRequest {
  # A transaction coordinator's WriteTxnMarkers for partitions that another node leads. It has one request a node under way
  # and counts them: one that comes late, after the link that brought it was given up, is refused.
  coordinator @0 :Int32;  # its partition of __transaction_state; -1: an operator's, not counted
  epoch @1 :Int32;        # under which that is led
  number @2 :UInt64;      # grows, also from one coordinator of an epoch to the next
  body @3 :UInt32;        # attachment: the request's body
}

struct MarkerReply {
  body @0 :UInt32;        # attachment: the response's body
}
