#include "actors/api/handler.hpp"
#include "schema/kafka/find_coordinator.hpp"

namespace troupe::api {

namespace {

constexpr auto why =
  "this release coordinates neither consumer groups nor transactions: read with assigned partitions (assign, kcat -C, "
  "--partition) and produce without a transactional.id";

}  // namespace

/// There is no coordinator yet, and the answer says so in the one way that clients which only commit now and then
/// survive: an error that can be retried.
void find_coordinator(session_port& in, const call& what, kafka::reader& body) {
  kafka::find_coordinator_request r;
  if (!in.decode(what, body, r))
    return;
  const auto code =
      static_cast<std::int16_t>(r.key_type >= 0 && r.key_type <= 2 ? kafka::error_code::coordinator_not_available
                                                                   : kafka::error_code::invalid_request);
  kafka::find_coordinator_response response;
  if (what.version < 4) {
    response.error_code = code;
    response.error_message = why;
    response.node_id = -1;
    response.port = -1;
  }
  for (const auto& key : r.coordinator_keys) {
    auto& one = response.coordinators.emplace_back();
    one.key = key;
    one.node_id = -1;
    one.port = -1;
    one.error_code = code;
    one.error_message = why;
  }
  in.reply(what, response);
}

}  // namespace troupe::api
