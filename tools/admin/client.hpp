#pragma once

#include "runtime/kafka/request.hpp"
#include "schema/kafka/api_versions.hpp"
#include "tools/admin/connection.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace troupe::tools {

/// How to reach a cluster.
struct reach {
  std::vector<endpoint> bootstrap;           ///< tried in turn
  std::chrono::milliseconds timeout{10'000};  ///< for one question, with all that is tried for it
};

/// A blocking client of the Kafka protocol for commands: one connection to any node that answers, in versions that both
/// know. Any node will do, for nodes pass on what only the controller can do. Belongs to one thread.
class client {
 public:
  explicit client(reach how) : how_(std::move(how)) {}
  /// What each question may take.
  std::chrono::milliseconds timeout() const { return how_.timeout; }

  /// Asks a question that changes nothing: where a node fails, the next one is asked.
  template <class Response, class Request>
  expected<Response> ask(const Request& r) {
    return call<Response>(r, true);
  }

  /// Sends a request that changes something. It is not repeated once it was sent: what became of it is not known then.
  template <class Response, class Request>
  expected<Response> change(const Request& r) {
    return call<Response>(r, false);
  }

  /// Whether the node that answers knows the API at all; an error when none answers.
  expected<bool> serves(std::int16_t api_key);

 private:
  struct version_range {
    std::int16_t first = 0, last = 0;
  };

  template <class Response, class Request>
  expected<Response> call(const Request& r, bool repeatable) {
    const auto until = std::chrono::steady_clock::now() + how_.timeout;
    while (true) {
      if (auto problem = connect(until))
        return problem;
      auto version = choose(Request::api_key, Request::api_name, Request::min_version, Request::max_stable_version);
      if (!version)
        return version.error();
      auto frame = kafka::request_frame(++correlation_, *version, "troupe", r);
      if (!frame)
        return frame.error();
      auto answer = line_->exchange(std::move(*frame), share_of(until));
      if (answer)
        return body_of(kafka::decode_response<Response>(std::move(*answer), *version));
      give_up_node();
      if (!repeatable)
        return with_context("it is not known whether this was done, look before you try again", answer.error());
      if (std::chrono::steady_clock::now() >= until)
        return answer.error();
    }
  }

  template <class Response>
  static expected<Response> body_of(expected<kafka::decoded_response<Response>> decoded) {
    if (!decoded)
      return decoded.error();
    return std::move(decoded->body);
  }

  /// Makes `line_` and `versions_`, or says why no node could be reached.
  error connect(deadline until);
  error greet(const endpoint& node, deadline until);
  expected<std::int16_t> choose(std::int16_t key, const char* name, std::int16_t oldest, std::int16_t newest) const;
  /// The time that one node may take of what is left, so that others get their turn.
  deadline share_of(deadline until) const;
  void give_up_node();

  reach how_;
  std::size_t next_ = 0;  ///< of the bootstrap list
  std::optional<connection> line_;
  std::map<std::int16_t, version_range> versions_;
  std::int32_t correlation_ = 0;
};

/// The error of a part of an answer, none for code 0; `what` is the thing it is about, `said` the node's own words.
error refusal(std::string_view what, std::int16_t code, const std::optional<std::string>& said);

}  // namespace troupe::tools
