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
}

struct CoordinatorReply {
  # Sent once what it tells is committed.
  body @0 :UInt32;      # attachment: the response's body, without its header
}
