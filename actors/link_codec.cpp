#include "actors/link_codec.hpp"

#include "runtime/base/bounds.hpp"
#include "runtime/node/errors.hpp"
#include "runtime/wire/caf.hpp"
#include "schema/controller.capnp.h"
#include "schema/coordinator.capnp.h"
#include "schema/membership.capnp.h"
#include "schema/raft.capnp.h"
#include "schema/replication.capnp.h"

#include <caf/all.hpp>

#include <array>

namespace troupe {

namespace {

/// One type of message.
struct message_row {
  std::uint64_t type = 0;
  bool (*matches)(const caf::message&) = nullptr;
  net::packed_message (*pack)(const caf::message&) = nullptr;
  expected<caf::message> (*unpack)(net::packed_message) = nullptr;
};

/// A request, its answer, and how to ask an actor of this node.
struct conversation {
  message_row request;
  message_row answer;  ///< type 0: there is none
  void (*ask)(caf::event_based_actor&, const caf::actor&, const caf::message&, answer_taker) = nullptr;
};

template <class T>
net::packed_message pack_wire(const wire<T>& message) {
  net::packed_message out{capnp::typeId<T>(), message.to_bytes(), {}};
  for (std::uint32_t i = 0; i < message.attachment_count(); ++i)
    out.attachments.push_back(message.attachment(i));
  return out;
}

template <class T>
expected<caf::message> unpack_wire(net::packed_message m) {
  auto message =
    wire<T>::from_bytes(m.content, {.bytes_max = bounds::link_message_bytes_max}, std::move(m.attachments));
  if (!message)
    return message.error();
  return caf::make_message(std::move(*message));
}

template <class T>
message_row row_of() {
  return {capnp::typeId<T>(), [](const caf::message& m) { return m.match_elements<wire<T>>(); },
          [](const caf::message& m) { return pack_wire(m.get_as<wire<T>>(0)); }, &unpack_wire<T>};
}

template <class Request, class Answer>
conversation asking() {
  return {row_of<Request>(), row_of<Answer>(),
          [](caf::event_based_actor& self, const caf::actor& service, const caf::message& m, answer_taker done) {
            self.request(service, caf::infinite, m.get_as<wire<Request>>(0))
              .then([done](const wire<Answer>& answer) { done(pack_wire(answer)); },
                    [done](const caf::error& why) { done(why); });
          }};
}

/// A message that has no answer.
template <class T>
conversation telling() {
  return {row_of<T>(), {}, nullptr};
}

const auto& conversations() {
  static const std::array all{
    asking<schema::ReplicaFetch, schema::ReplicaFetched>(),
    telling<schema::RaftAppendRequest>(),
    telling<schema::RaftAppendReply>(),
    telling<schema::RaftVoteRequest>(),
    telling<schema::RaftVoteReply>(),
    telling<schema::RaftSnapshotRequest>(),
    telling<schema::RaftSnapshotReply>(),
    telling<schema::RaftSubscribeRequest>(),
    telling<schema::RaftSubscribeReply>(),
    telling<schema::RaftTimeoutNow>(),
    asking<schema::IsrChange, schema::IsrChanged>(),
    asking<schema::BrokerHeartbeat, schema::BrokerHeartbeatAnswer>(),
    asking<schema::BrokerRegistration, schema::BrokerRegistered>(),
    asking<schema::ControllerRequest, schema::ControllerReply>(),
    asking<schema::CoordinatorRequest, schema::CoordinatorReply>(),
    asking<schema::MarkerRequest, schema::MarkerReply>(),
  };
  return all;
}

}  // namespace

expected<net::packed_message> pack(const caf::message& m) {
  for (const auto& c : conversations())
    for (const auto* row : {&c.request, &c.answer})
      if (row->type != 0 && row->matches(m))
        return row->pack(m);
  return make_error(node_errc::actor_failed, "no message for another node: " + caf::to_string(m));
}

expected<caf::message> unpack(net::packed_message m) {
  for (const auto& c : conversations())
    for (const auto* row : {&c.request, &c.answer})
      if (row->type != 0 && row->type == m.type)
        return row->unpack(std::move(m));
  return make_error(node_errc::actor_failed,
                    "a message of unknown type " + std::to_string(m.type) + " came from another node");
}

error deliver_call(caf::event_based_actor& self, const caf::actor& service, net::packed_message m, answer_taker done) {
  const auto type = m.type;
  auto message = unpack(std::move(m));
  if (!message)
    return message.error();
  if (!done) {
    self.send(service, std::move(*message));
    return {};
  }
  for (const auto& c : conversations())
    if (c.request.type == type && c.ask) {
      c.ask(self, service, *message, std::move(done));
      return {};
    }
  return make_error(node_errc::actor_failed, "message type " + std::to_string(type) + " is not a request");
}

}  // namespace troupe
