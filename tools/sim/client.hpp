#pragma once

#include "runtime/kafka/request.hpp"
#include "runtime/sim/world.hpp"

#include <functional>
#include <map>
#include <memory>

namespace troupe::cluster_sim {

/// A Kafka client of a simulated world, as plain code: one connection a broker, made when it is needed, requests in
/// flight by correlation id, answers as callbacks. A request that is not answered in time closes its connection, as
/// Kafka's clients do; all that were in flight on it fail. Fails nothing by itself and repeats nothing: that is the
/// workload's business. Lives no longer than its world.
class client {
 public:
  /// A client on a new host of that name.
  client(sim::world& in, std::string host);
  ~client();
  client(const client&) = delete;
  client& operator=(const client&) = delete;

  /// What becomes of a request: the response, or why there is none. Then nobody knows whether it was carried out.
  template <class Response>
  using answer = std::function<void(expected<Response>)>;

  /// Sends `request` in `version` to the broker at `to`. `then` is called once, unless the client is gone before.
  template <class Response, class Request>
  void call(const endpoint& to, const Request& request, std::int16_t version, std::chrono::nanoseconds patience,
            answer<Response> then) {
    static_assert(Response::api_key == Request::api_key, "the response belongs to another API");
    const auto correlation = ++last_correlation_;
    auto frame = kafka::request_frame(correlation, version, host_, request);
    if (!frame)
      return then(frame.error());
    send(to, correlation, std::move(*frame), patience, [version, then = std::move(then)](expected<byte_slice> body) {
      if (!body)
        return then(body.error());
      auto decoded = kafka::decode_response<Response>(std::move(*body), version);
      if (!decoded)
        return then(decoded.error());
      then(std::move(decoded->body));
    });
  }

  /// `action` happens when `delay` has passed, unless the client is gone before.
  void after(std::chrono::nanoseconds delay, std::function<void()> action);
  /// Closes all connections; what is in flight fails.
  void disconnect();
  sim::world& in() { return in_; }
  const std::string& host() const { return host_; }

 private:
  class link;
  using raw_answer = std::function<void(expected<byte_slice>)>;
  void send(const endpoint& to, std::int32_t correlation, std::vector<chunk> frame, std::chrono::nanoseconds patience,
            raw_answer then);

  sim::world& in_;
  const std::string host_;
  transport& network_;
  std::map<std::string, std::shared_ptr<link>> links_;  ///< by "host:port"
  std::int32_t last_correlation_ = 0;
  std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

}  // namespace troupe::cluster_sim
