#include "actors/api/cluster_calls.hpp"

#include "actors/replicas.hpp"
#include "runtime/config/layers.hpp"
#include "runtime/metadata/image.hpp"
#include "runtime/wire/caf.hpp"
#include "schema/controller.capnp.h"
#include "schema/kafka/describe_cluster.hpp"

#include <caf/all.hpp>

namespace troupe::api {

namespace {

using schema::ControllerReply;
using schema::ControllerRequest;

/// The change is committed: wait until this node's own view has it, so that the client sees what it did.
void await_own_view(session_port& in, std::int64_t index, std::function<void()> then) {
  auto go_on = [&in, then = std::move(then)] {
    then();
    in.end_barrier();
  };
  in.self().request(in.peers().replicas, caf::infinite, await_applied{index})
    .then([go_on](const applied&) { go_on(); }, [go_on](const caf::error&) { go_on(); });
}

}  // namespace

std::vector<visible_broker> brokers_for(session_port& in, const metadata::image& image, bool fenced_too) {
  std::vector<visible_broker> out;
  for (const auto& [id, broker] : image.brokers()) {
    if (broker->fenced && !fenced_too)
      continue;
    if (id == in.context().self)
      out.push_back({id, in.reachable_at(), broker->rack, broker->fenced});
    else if (const auto* at = broker->find(in.listener_name()))
      out.push_back({id, {at->host, at->port}, broker->rack, broker->fenced});
  }
  return out;
}

bool is_lost(session_port& in, const metadata::image& image, node_id id) {
  const auto broker = image.find_broker(id);
  return broker && in.context().lost.is_lost(id, broker->incarnation, in.context().time.monotonic_now());
}

bool dynamic_flag(session_port& in, std::string_view key) {
  const auto view = in.view();
  return config::broker_flag({nullptr, view->image->broker_config(in.context().self), view->image->cluster_config(),
                              &in.context().settings}, key);
}

void ask_controller_for(session_port& in, std::int16_t key, std::int16_t version, byte_slice body,
                        std::function<void(expected<byte_slice>)> done) {
  wire_builder<ControllerRequest> b;
  b->setApiKey(key);
  b->setApiVersion(version);
  b->setBody(b.attach(std::move(body)));
  b->setClientHost(in.client().host);
  in.begin_barrier();
  in.self().request(in.peers().controller, caf::infinite, std::move(b).freeze())
    .then(
      [&in, done](const wire<ControllerReply>& m) {
        await_own_view(in, m->getAppliedIndex(),
                       [done, m] { done(std::get<byte_slice>(m.attachment(m->getBody()))); });
      },
      [&in, done](const caf::error& why) {
        done(why);
        in.end_barrier();
      });
}

void ask_controller(session_port& in, const call& what, kafka::reader& body) {
  ask_controller_for(in, what.key, what.version, body.rest(), [&in, what](const expected<byte_slice>& answer) {
    if (answer)
      in.reply_encoded(what, *answer);
    else
      in.refuse(what, render(answer.error()));
  });
}

void describe_cluster(session_port& in, const call& what, kafka::reader& body) {
  kafka::describe_cluster_request r;
  if (!in.decode(what, body, r))
    return;
  kafka::describe_cluster_response out;
  out.cluster_id = in.context().cluster_id();
  out.endpoint_type = r.endpoint_type;
  if (r.endpoint_type != 1) {
    const bool controllers = r.endpoint_type == 2;
    out.error_code = static_cast<std::int16_t>(controllers ? kafka::error_code::mismatched_endpoint_type
                                                           : kafka::error_code::unsupported_endpoint_type);
    out.error_message = controllers
                            ? "this listener serves brokers; controllers have none of their own here"
                            : "endpoint type " + std::to_string(r.endpoint_type) + " is not known: 1 are brokers";
    return in.reply(what, out);
  }
  out.controller_id = in.context().controller;
  const auto view = in.view();
  for (auto& b : brokers_for(in, *view->image, r.include_fenced_brokers)) {
    auto& broker = out.brokers.emplace_back();
    broker.is_fenced = b.fenced;
    broker.broker_id = b.id.value;
    broker.host = std::move(b.at.host);
    broker.port = b.at.port;
    broker.rack = std::move(b.rack);
  }
  in.reply(what, out);
}

}  // namespace troupe::api
