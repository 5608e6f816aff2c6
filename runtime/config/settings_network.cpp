#include "runtime/config/settings_rows.hpp"

// Listeners, connections and requests. Kafka can change listeners and limits of connections while it runs; here they
// are read once, at start.
namespace troupe::config::rows {

namespace {

constexpr setting table[] = {
  {"advertised.listeners", list, none, any, fixed, honoured,
   "Addresses that clients are told; unset, a client is told the address that it came in on."},
  {"connection.failed.authentication.delay.ms", int32, "100", at_least(0), fixed, ignored,
   "How long a connection is held before a failed login is answered."},
  {"connections.max.idle.ms", int64, "600000", at_least_or(1, -1), fixed, honoured,
   "A connection on which nothing was asked for this long is closed."},
  {"connections.max.reauth.ms", int64, "0", any, fixed, ignored,
   "How long a login lasts before the client has to renew it; 0: for ever."},
  {"controller.listener.names", list, "", any, fixed, honoured,
   "Names of those entries of `listeners` that are for controllers and not for clients."},
  {"controller.socket.timeout.ms", int32, "30000", any, fixed, ignored,
   "Time limit of a request from the controller to a broker."},
  {"early.start.listeners", list, none, any, fixed, ignored,
   "Listeners that open before the authorizer is ready."},
  {"inter.broker.listener.name", string, none, any, fixed, honoured,
   "Name of the listener that the other nodes use."},
  {"listener.security.protocol.map", string,
   "SASL_SSL:SASL_SSL,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT",
   any, fixed, honoured,
   "Security protocol of each listener name, as NAME:PROTOCOL pairs."},
  {"listeners", list, "PLAINTEXT://:9092", any, fixed, honoured,
   "Addresses to listen on, as NAME://host:port; no host means all interfaces."},
  {"max.connection.creation.rate", int32, "2147483647", at_least(0), cluster, ignored,
   "New connections a second, of all clients together."},
  {"max.connections", int32, "2147483647", at_least(0), fixed, honoured,
   "Connections to this node at the same time; one more is closed at once."},
  {"max.connections.per.ip", int32, "2147483647", at_least(0), fixed, honoured,
   "Connections from one address at the same time; one more is closed at once."},
  {"max.connections.per.ip.overrides", string, "", any, fixed, honoured,
   "Exceptions from `max.connections.per.ip`, as address:count pairs."},
  {"max.request.partition.size.limit", int32, "2000", at_least(1), fixed, ignored,
   "Largest number of partitions in an answer to DescribeTopicPartitions."},
  {"num.io.threads", int32, "8", at_least(1), cluster, ignored,
   "Threads that handle requests; here actors share one thread for each processor."},
  {"num.network.threads", int32, "3", at_least(1), cluster, ignored,
   "Threads that read and write sockets; here one loop serves all of them."},
  {"queued.max.request.bytes", int64, "-1", at_least_or(1, -1), fixed, ignored,
   "Bytes of requests being worked on, of all clients, above which reading stops; here a built-in limit."},
  {"queued.max.requests", int32, "500", at_least(1), fixed, ignored,
   "Requests waiting for a handler before reading stops; here bytes are counted instead."},
  {"request.timeout.ms", int32, "30000", any, fixed, ignored,
   "Time limit of requests that this node sends to others."},
  {"security.inter.broker.protocol", string,
   "PLAINTEXT",
   one_of("PLAINTEXT|SSL|SASL_PLAINTEXT|SASL_SSL"), fixed, ignored,
   "Security protocol between nodes where `inter.broker.listener.name` is not set."},
  {"socket.connection.setup.timeout.max.ms", int64, "30000", any, fixed, ignored,
   "Upper limit of the time that a connection to another node may take to come up."},
  {"socket.connection.setup.timeout.ms", int64, "10000", any, fixed, ignored,
   "Time that a connection to another node may take to come up, at first."},
  {"socket.listen.backlog.size", int32, "50", at_least(1), fixed, ignored,
   "Connections that the system holds until they are accepted."},
  {"socket.receive.buffer.bytes", int32, "102400", any, fixed, ignored,
   "Size of a socket's receive buffer; here the system tunes it."},
  {"socket.request.max.bytes", int32, "104857600", at_least(1), fixed, honoured,
   "Largest request that is read; a larger one closes the connection."},
  {"socket.send.buffer.bytes", int32, "102400", any, fixed, ignored,
   "Size of a socket's send buffer; here the system tunes it."},
};

}  // namespace

std::span<const setting> network() {
  return table;
}

}  // namespace troupe::config::rows
