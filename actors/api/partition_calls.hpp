#pragma once

#include "actors/api/handler.hpp"
#include "runtime/metadata/image.hpp"

#include <caf/all.hpp>

#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace troupe::api {

/// `isolation_level` of readers that want committed records only (KIP-98).
constexpr std::int8_t read_committed = 1;

/// Collects the answers to the parts of one request and calls `done` after the last. Shared by the callbacks.
class fan_in {
 public:
  explicit fan_in(std::function<void()> done) : done_(std::move(done)) {}
  ~fan_in() = default;
  fan_in(const fan_in&) = delete;
  fan_in& operator=(const fan_in&) = delete;

  void expect() { ++open_; }
  void arrived() {
    if (--open_ == 0)
      std::exchange(done_, nullptr)();
  }

 private:
  std::size_t open_ = 1;  // one for the request itself: `arrived` once after all parts were sent
  std::function<void()> done_;
};

/// The partition that a request names, found in one view.
struct found_partition {
  kafka::error_code code = kafka::error_code::none;
  caf::actor replica;
};

/// Who may answer for a partition.
enum class serving : std::uint8_t { leader, any_replica };

/// Looks up a topic by name, or by id when `name` is empty, and the actor of this node that answers for its partition
/// `index`.
found_partition find_partition(const cluster_view& in, const std::string& name, const topic_id& id, std::int32_t index,
                               serving from = serving::leader);

/// Asks one partition; `on_reply` or `on_error` runs in the session, then the part counts as answered.
template <class Reply, class Message, class OnReply, class OnError>
void ask_partition(session_port& in, const caf::actor& replica, Message message, const std::shared_ptr<fan_in>& answers,
                   OnReply on_reply, OnError on_error) {
  answers->expect();
  in.self().request(replica, caf::infinite, std::move(message))
    .then([=](const Reply& m) { on_reply(m); answers->arrived(); },
          [=](const caf::error& why) { on_error(why); answers->arrived(); });
}

}  // namespace troupe::api
