#include "tools/sim/client.hpp"

#include "runtime/net/framer.hpp"

#include <utility>

namespace troupe::cluster_sim {

namespace {

constexpr std::size_t response_bytes_max = 64 * 1024 * 1024;

std::int32_t correlation_of(const byte_slice& frame) {
  kafka::reader from{frame};
  std::int32_t out = -1;
  from.read(out, "correlation_id");
  return out;
}

}  // namespace

/// One connection and what is in flight on it. The network holds it as well, so it may outlive its client.
class client::link final : public stream_reader, public dialler, public std::enable_shared_from_this<link> {
 public:
  void dial(transport& over, const endpoint& to) { over.dial(to, shared_from_this()); }

  void send(std::int32_t correlation, std::vector<chunk> frame, raw_answer then) {
    in_flight_.emplace(correlation, std::move(then));
    if (stream_)
      stream_->send(std::move(frame));
    else
      unsent_.push_back(std::move(frame));
  }

  bool is_over() const { return is_over_; }
  bool awaits(std::int32_t correlation) const { return in_flight_.contains(correlation); }

  /// Nothing more comes over this connection.
  void end(const error& why) {
    if (std::exchange(is_over_, true))
      return;
    stream_.reset();
    for (auto& [correlation, then] : std::exchange(in_flight_, {}))
      then(why);
  }

  /// As `end`, without telling anybody.
  void abandon() {
    in_flight_.clear();
    end({});
  }

  // -- from the network -------------------------------------------------------------------------------------------

  void connected(std::shared_ptr<connection> outgoing) override {
    if (is_over_)
      return;
    stream_ = std::move(outgoing);
    stream_->start(shared_from_this());
    for (auto& frame : std::exchange(unsent_, {}))
      stream_->send(std::move(frame));
  }
  void failed(const error& why) override { end(why); }

  std::span<std::uint8_t> prepare() override { return framer_.prepare(); }
  bool commit(std::size_t count) override {
    std::vector<byte_slice> frames;
    if (auto broken = framer_.commit(count, frames)) {
      end(broken);
      return false;
    }
    for (auto& frame : frames) {
      const auto found = in_flight_.find(correlation_of(frame));
      if (found == in_flight_.end())
        continue;
      const auto then = std::move(found->second);
      in_flight_.erase(found);
      then(std::move(frame));
    }
    return !is_over_;
  }
  void drained() override {}
  void closed(const error& why) override { end(why); }

 private:
  net::framer framer_{response_bytes_max};
  std::shared_ptr<connection> stream_;
  std::vector<std::vector<chunk>> unsent_;
  std::map<std::int32_t, raw_answer> in_flight_;
  bool is_over_ = false;
};

client::client(sim::world& in, std::string host)
  : in_(in), host_(std::move(host)), network_(in.add_client(host_)) {}

client::~client() {
  for (const auto& [to, l] : links_)
    l->abandon();
}

void client::after(std::chrono::nanoseconds delay, std::function<void()> action) {
  in_.after(delay, [alive = std::weak_ptr{alive_}, action = std::move(action)] {
    if (!alive.expired())
      action();
  });
}

void client::disconnect() {
  for (const auto& [to, l] : std::exchange(links_, {}))
    l->end(make_error(transport_errc::closed_by_peer, "the client has disconnected"));
}

void client::send(const endpoint& to, std::int32_t correlation, std::vector<chunk> frame,
                  std::chrono::nanoseconds patience, raw_answer then) {
  auto& over = links_[to.host + ":" + std::to_string(to.port)];
  if (!over || over->is_over()) {
    over = std::make_shared<link>();
    over->dial(network_, to);
  }
  over->send(correlation, std::move(frame), std::move(then));
  in_.after(patience, [waiting = std::weak_ptr{over}, correlation] {
    const auto late = waiting.lock();
    if (late && late->awaits(correlation))
      late->end(make_error(transport_errc::io, "no answer in time"));
  });
}

}  // namespace troupe::cluster_sim
