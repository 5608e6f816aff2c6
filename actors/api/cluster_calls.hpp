#pragma once

#include "actors/api/handler.hpp"
#include "runtime/kafka/codec.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::metadata {
class image;
}

namespace troupe::api {

/// A broker as this client shall see it.
struct visible_broker {
  node_id id;
  endpoint at;
  std::optional<std::string> rack;
  bool fenced = false;
};

/// All brokers that serve, and on request those that are fenced; this node with the address that the client can reach
/// it by.
std::vector<visible_broker> brokers_for(session_port& in, const metadata::image& image, bool fenced_too = false);

/// Whether this node has just lost its way to the node, which may be gone.
bool is_lost(session_port& in, const metadata::image& image, node_id id);

/// A broker setting that may be changed while the node runs.
bool dynamic_flag(session_port& in, std::string_view key);

/// Sends the encoded body of a request of API `key` in `version` to the controller and calls `done` with the body of
/// its answer once this node has applied the change; an error when the controller could not be asked. Later requests of
/// the connection wait meanwhile.
void ask_controller_for(session_port& in, std::int16_t key, std::int16_t version, byte_slice body,
                        std::function<void(expected<byte_slice>)> done);

/// As `ask_controller_for`, for a request of the node's own whose answer is of no interest.
template <class Request>
void change_metadata(session_port& in, const Request& request, std::int16_t version, std::function<void()> done) {
  kafka::writer out;
  request.encode(out, version);
  ask_controller_for(in, Request::api_key, version, flatten(std::move(out).finish()),
                     [done = std::move(done)](const expected<byte_slice>&) { done(); });
}

}  // namespace troupe::api
