#pragma once

#include "actors/session.hpp"
#include "runtime/kafka/errors.hpp"
#include "runtime/kafka/request.hpp"
#include "runtime/net/fetch_session.hpp"
#include "runtime/net/reply_order.hpp"
#include "runtime/node/cluster_view.hpp"
#include "runtime/node/context.hpp"

#include <caf/fwd.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

/// How each API is answered: one function an API, called by the session with a request whose version the table allows.
/// A handler decodes the body, asks other actors and replies once, now or later; its callbacks run in the session.
namespace troupe::api {

/// What a reply needs to know of its request; copied into callbacks.
struct call {
  std::int16_t key = 0;
  std::int16_t version = 0;
  std::int32_t correlation_id = 0;
  net::reply_order::slot slot = 0;
};

/// What a handler may do with the session it runs in.
class session_port {
 public:
  virtual ~session_port() = default;

  virtual caf::event_based_actor& self() = 0;
  virtual node_context& context() = 0;
  virtual const session_peers& peers() const = 0;
  virtual net::fetch_session& fetches() = 0;
  /// When a batch of this connection was last refused because this node does not lead, by the partition's name.
  virtual std::map<std::string, monotonic_time>& refused_leads() = 0;
  /// The newest metadata and routes; keep the pointer for as long as one request is worked on.
  virtual std::shared_ptr<const cluster_view> view() = 0;
  /// Where this client reaches this node: the advertised listener, or the address that the client came in on.
  virtual endpoint reachable_at() = 0;
  /// Name of the listener that the client came in on; it reaches other nodes by their listener of that name.
  virtual const std::string& listener_name() const = 0;
  /// What the client calls itself in the request that is being handled; empty when it does not say.
  virtual const std::string& client_id() const = 0;
  /// Address of the client.
  virtual const endpoint& client() const = 0;

  /// Later requests of this connection wait from now on until `end_barrier`: they must see what this one changes.
  virtual void begin_barrier() = 0;
  virtual void end_barrier() = 0;

  /// Runs `what` after `delay`, unless the session has ended.
  virtual void later(std::chrono::milliseconds delay, std::function<void()> what) = 0;

  /// Answers `to` with the parts of a whole response frame; none for a request that has no answer.
  virtual void send_reply(const call& to, std::vector<chunk> frame) = 0;
  /// Closes the connection when all earlier requests are answered; `to` is not, and later ones are not begun.
  virtual void let_go(const call& to) = 0;
  /// The request cannot be answered in its own terms: logs `why` once and closes the connection, as Kafka does.
  virtual void refuse(const call& to, std::string_view why) = 0;

  template <class Response>
  void reply(const call& to, const Response& response) {
    auto frame = kafka::response_frame(to.correlation_id, to.version, response);
    if (frame)
      send_reply(to, std::move(*frame));
    else
      refuse(to, render(frame.error()));
  }
  void no_reply(const call& to) { send_reply(to, {}); }
  /// As `reply`, with a body that is encoded already.
  void reply_encoded(const call& to, byte_slice body);

  /// Decodes the body into `into`; false when it was malformed, and then the connection is being closed.
  template <class Request>
  bool decode(const call& of, kafka::reader& body, Request& into) {
    into.decode(body, of.version);
    const auto problem = kafka::check_read(body, Request::api_name);
    if (problem)
      refuse(of, render(problem));
    return !problem;
  }
};

using handler = void (*)(session_port& in, const call& what, kafka::reader& body);

/// The handler of an API, null for APIs that are not served.
handler handler_of(std::int16_t api_key);

/// Kafka's code for an error of any of our domains.
kafka::error_code code_of(const error& e);

/// The answer to an ApiVersions request of a version that is not served: version 0 and the range that is (KIP-511).
void api_versions_unsupported(session_port& in, const call& what);

// actors/api/produce.cpp and so on
void produce(session_port& in, const call& what, kafka::reader& body);
void fetch(session_port& in, const call& what, kafka::reader& body);
void list_offsets(session_port& in, const call& what, kafka::reader& body);
void metadata(session_port& in, const call& what, kafka::reader& body);
void api_versions(session_port& in, const call& what, kafka::reader& body);
void find_coordinator(session_port& in, const call& what, kafka::reader& body);
void offset_for_leader_epoch(session_port& in, const call& what, kafka::reader& body);
void delete_records(session_port& in, const call& what, kafka::reader& body);
void describe_producers(session_port& in, const call& what, kafka::reader& body);
void alter_replica_log_dirs(session_port& in, const call& what, kafka::reader& body);
void describe_log_dirs(session_port& in, const call& what, kafka::reader& body);
void describe_configs(session_port& in, const call& what, kafka::reader& body);
void describe_cluster(session_port& in, const call& what, kafka::reader& body);
void describe_topic_partitions(session_port& in, const call& what, kafka::reader& body);
void list_config_resources(session_port& in, const call& what, kafka::reader& body);
void join_group(session_port& in, const call& what, kafka::reader& body);
void sync_group(session_port& in, const call& what, kafka::reader& body);
void consumer_group_heartbeat(session_port& in, const call& what, kafka::reader& body);
void heartbeat(session_port& in, const call& what, kafka::reader& body);
void leave_group(session_port& in, const call& what, kafka::reader& body);
void offset_commit(session_port& in, const call& what, kafka::reader& body);
void offset_fetch(session_port& in, const call& what, kafka::reader& body);
void offset_delete(session_port& in, const call& what, kafka::reader& body);
void txn_offset_commit(session_port& in, const call& what, kafka::reader& body);
void init_producer_id(session_port& in, const call& what, kafka::reader& body);
void add_partitions_to_txn(session_port& in, const call& what, kafka::reader& body);
void add_offsets_to_txn(session_port& in, const call& what, kafka::reader& body);
void end_txn(session_port& in, const call& what, kafka::reader& body);
void write_txn_markers(session_port& in, const call& what, kafka::reader& body);
void describe_transactions(session_port& in, const call& what, kafka::reader& body);
void list_transactions(session_port& in, const call& what, kafka::reader& body);
void consumer_group_describe(session_port& in, const call& what, kafka::reader& body);
void describe_groups(session_port& in, const call& what, kafka::reader& body);
void list_groups(session_port& in, const call& what, kafka::reader& body);
void delete_groups(session_port& in, const call& what, kafka::reader& body);
/// All that only the controller may do: passes the request on as it is and the answer back.
void ask_controller(session_port& in, const call& what, kafka::reader& body);

}  // namespace troupe::api
