@0xe8352c61a04b7d9f;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("troupe::schema");

using Id128 = import "metadata.capnp".Id128;
using Endpoint = import "metadata.capnp".BrokerRecord.Endpoint;

# How a node takes part in the cluster as a broker: it registers with the active controller at each start, tells it that it
# lives, and asks to be let go before it stops. Errors of these requests are errors of the metadata domain.

struct BrokerRegistration {
  node @0 :Int32;
  incarnation @1 :Id128;        # drawn at each start of the process
  directory @2 :Id128;          # of its first log directory: another one than before means that its data are gone
  cleanEpoch @3 :Int64 = -1;    # registration of the process that came to a clean stop before; -1: it did not
  endpoints @4 :List(Endpoint);
  rack @5 :Text;                # null when it has none
}

struct BrokerRegistered {
  epoch @0 :Int64;              # goes with every later request of this process
}

struct BrokerHeartbeat {
  node @0 :Int32;
  epoch @1 :Int64;
  appliedIndex @2 :Int64;       # how much of the metadata log this node has applied
  wantsToStop @3 :Bool;         # please move my leaders away
}

struct BrokerHeartbeatAnswer {
  fenced @0 :Bool;
  mayStop @1 :Bool;             # nothing depends on the node any more
}
