@0xa94f3c6e2d7b1805;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("troupe::schema");

# The conversation with the active controller. A request that changes metadata is accepted at any node and forwarded as the
# client encoded it: both sides have the codec, so that this conversation does not grow with every API.

struct ControllerRequest {
  apiKey @0 :Int16;
  apiVersion @1 :Int16;
  body @2 :UInt32;      # attachment: the request's body, without its header
  clientHost @3 :Text;
}

struct ControllerReply {
  # Sent once the change is committed and applied at the controller.
  body @0 :UInt32;      # attachment: the response's body, without its header
  appliedIndex @1 :Int64; # a node that has applied this much sees the change
}

struct ProducerIdBlockRequest {
  nodeId @0 :Int32;
}

struct ProducerIdBlock {
  firstId @0 :Int64;
  count @1 :Int32;
}
