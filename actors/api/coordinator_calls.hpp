#pragma once

#include "actors/api/handler.hpp"

#include <caf/actor.hpp>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::api {

/// The coordinator of one group, as seen from this node.
struct found_coordinator {
  kafka::error_code code = kafka::error_code::none;
  caf::actor partition;  ///< that it lives beside
};

/// Who coordinates `group`, if it is somebody on this node.
found_coordinator find_coordinator_of(session_port& in, const std::string& group);
/// Likewise the transactions of that id.
found_coordinator find_transaction_coordinator(session_port& in, const std::string& transactional_id);
/// All partitions of `topic`, which is a kind of coordinators', that this node leads.
std::vector<caf::actor> coordinators_here(session_port& in, std::string_view topic);

/// Sends the encoded body of a request of API `key` in `version` through `partition` to the coordinator beside it.
/// `done` runs in the session, with the body of the answer or Kafka's code for why there is none.
void ask_coordinator(session_port& in, const caf::actor& partition, std::int16_t key, std::int16_t version,
                     byte_slice body, std::function<void(kafka::error_code, byte_slice)> done);

/// As the other one, for a request that is not encoded yet and with the answer decoded.
template <class Response, class Request>
void ask_coordinator(session_port& in, const caf::actor& partition, const Request& request, std::int16_t version,
                     std::function<void(kafka::error_code, Response)> done) {
  kafka::writer out;
  request.encode(out, version);
  ask_coordinator(in, partition, Request::api_key, version, flatten(std::move(out).finish()),
                  [version, done = std::move(done)](kafka::error_code code, byte_slice body) {
                    Response answer;
                    if (code == kafka::error_code::none) {
                      kafka::reader from{std::move(body)};
                      answer.decode(from, version);
                    }
                    done(code, std::move(answer));
                  });
}

}  // namespace troupe::api
