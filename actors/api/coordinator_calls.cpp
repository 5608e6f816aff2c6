#include "actors/api/coordinator_calls.hpp"

#include "runtime/group/placement.hpp"
#include "runtime/group/refusal.hpp"
#include "runtime/metadata/image.hpp"
#include "runtime/transaction/state.hpp"
#include "runtime/wire/caf.hpp"
#include "schema/coordinator.capnp.h"

#include <caf/all.hpp>

namespace troupe::api {

using schema::CoordinatorReply;
using schema::CoordinatorRequest;

namespace {

found_coordinator find(session_port& in, std::string_view topic_name, const std::string& id) {
  const auto view = in.view();
  const auto topic = view->image->find_topic(topic_name);
  if (!topic)
    return {kafka::error_code::coordinator_not_available, {}};
  const partition_index index{group::responsible_partition(id, topic->partition_count())};
  auto leader = view->replicas.leader_of({topic->id, index});
  return {leader ? kafka::error_code::none : kafka::error_code::not_coordinator, std::move(leader)};
}

}  // namespace

found_coordinator find_coordinator_of(session_port& in, const std::string& group) {
  return find(in, group::offsets_topic, group);
}

found_coordinator find_transaction_coordinator(session_port& in, const std::string& transactional_id) {
  return find(in, transaction::state_topic, transactional_id);
}

std::vector<caf::actor> coordinators_here(session_port& in, std::string_view topic_name) {
  std::vector<caf::actor> out;
  const auto view = in.view();
  if (const auto topic = view->image->find_topic(topic_name))
    for (std::int32_t i = 0; i < topic->partition_count(); ++i)
      if (auto leader = view->replicas.leader_of({topic->id, partition_index{i}}))
        out.push_back(std::move(leader));
  return out;
}

void ask_coordinator(session_port& in, const caf::actor& partition, std::int16_t key, std::int16_t version,
                     byte_slice body, std::function<void(kafka::error_code, byte_slice)> done) {
  wire_builder<CoordinatorRequest> b;
  b->setApiKey(key);
  b->setApiVersion(version);
  b->setBody(b.attach(std::move(body)));
  b->setClientId(in.client_id());
  b->setClientHost("/" + in.client().host);
  in.self().request(partition, caf::infinite, std::move(b).freeze())
    .then([done](const wire<CoordinatorReply>& m) {
            done(kafka::error_code::none, std::get<byte_slice>(m.attachment(m->getBody())));
          },
          [done](const caf::error& why) { done(group::code_for_client(code_of(why)), {}); });
}

}  // namespace troupe::api
