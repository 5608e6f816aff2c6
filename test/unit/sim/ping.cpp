#include "test/unit/sim/ping.hpp"

#include <caf/all.hpp>

#include <array>
#include <map>

namespace troupe::sim::test {

struct arrived {
  std::uint64_t from = 0;
  std::string bytes;
};
struct gone {
  std::uint64_t from = 0;
};
struct open_line {
  std::shared_ptr<connection> stream;
};
struct dial_failed {};
struct dial_again {};
struct begin {};

}  // namespace troupe::sim::test

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::sim::test::arrived)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::sim::test::gone)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::sim::test::open_line)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::sim::test::dial_failed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::sim::test::dial_again)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::sim::test::begin)

namespace troupe::sim::test {

namespace {

using namespace std::chrono_literals;

class to_actor final : public stream_reader {
 public:
  to_actor(caf::actor who, std::uint64_t number) : who_(std::move(who)), number_(number) {}
  std::span<std::uint8_t> prepare() override { return buffer_; }
  bool commit(std::size_t count) override {
    caf::anon_send(who_, arrived{number_, {reinterpret_cast<const char*>(buffer_.data()), count}});
    return true;
  }
  void drained() override {}
  void closed(const error&) override { caf::anon_send(who_, gone{number_}); }

 private:
  caf::actor who_;
  std::uint64_t number_;
  std::array<std::uint8_t, 64> buffer_{};
};

class line_to_actor final : public acceptor, public dialler {
 public:
  explicit line_to_actor(caf::actor who) : who_(std::move(who)) {}
  void accepted(std::shared_ptr<connection> incoming) override { caf::anon_send(who_, open_line{std::move(incoming)}); }
  void exhausted(const error&) override {}
  void connected(std::shared_ptr<connection> outgoing) override {
    caf::anon_send(who_, open_line{std::move(outgoing)});
  }
  void failed(const error&) override { caf::anon_send(who_, dial_failed{}); }

 private:
  caf::actor who_;
};

/// The streams an actor has, and the lines that have come whole.
class lines {
 public:
  void open(caf::event_based_actor* self, const std::shared_ptr<connection>& stream) {
    streams_[++last_] = {stream, {}};
    stream->start(std::make_shared<to_actor>(caf::actor_cast<caf::actor>(self), last_));
  }
  void close(std::uint64_t number) { streams_.erase(number); }
  void send(std::uint64_t number, const std::string& line) {
    streams_.at(number).stream->send({chunk{byte_slice::copy_of(as_bytes(line + "\n"))}});
  }
  std::vector<std::string> take(const arrived& m) {
    std::vector<std::string> whole;
    auto& rest = streams_.at(m.from).rest;
    rest += m.bytes;
    for (auto end = rest.find('\n'); end != std::string::npos; end = rest.find('\n')) {
      whole.push_back(rest.substr(0, end));
      rest.erase(0, end + 1);
    }
    return whole;
  }
  std::uint64_t last() const { return last_; }

 private:
  struct stream_and_rest {
    std::shared_ptr<connection> stream;
    std::string rest;
  };
  std::map<std::uint64_t, stream_and_rest> streams_;
  std::uint64_t last_ = 0;
};

struct ponger_state {
  lines clients;
  std::unique_ptr<listening_socket> socket;
};

caf::behavior ponger(caf::stateful_actor<ponger_state>* self, machine* on) {
  return {
    [=](const begin&) {
      auto entrance = std::make_shared<line_to_actor>(caf::actor_cast<caf::actor>(self));
      self->state.socket = std::move(*on->network().listen({on->name(), 7}, std::move(entrance)));
    },
    [=](const open_line& m) { self->state.clients.open(self, m.stream); },
    [=](const arrived& m) {
      for (const auto& line : self->state.clients.take(m))
        self->state.clients.send(m.from, "pong" + line.substr(4));
    },
    [=](const gone& m) { self->state.clients.close(m.from); },
  };
}

struct pinger_state {
  lines streams;
  int number = 0;
};

caf::behavior pinger(caf::stateful_actor<pinger_state>* self, machine* on, std::string to,
                     std::shared_ptr<score> told) {
  const auto dial = [=] {
    on->network().dial({to, 7}, std::make_shared<line_to_actor>(caf::actor_cast<caf::actor>(self)));
  };
  const auto ping = [=](std::uint64_t stream) {
    self->state.streams.send(stream, "ping " + std::to_string(++self->state.number));
  };
  return {
    [=](const begin&) { dial(); },
    [=](const dial_again&) { dial(); },
    [=](const open_line& m) {
      self->state.streams.open(self, m.stream);
      ping(self->state.streams.last());
    },
    [=](const dial_failed&) {
      ++told->failed_dials;
      self->delayed_send(self, 100ms, dial_again{});
    },
    [=](const arrived& m) {
      for (const auto& line : self->state.streams.take(m)) {
        told->numbers.push_back(std::stoi(line.substr(5)));
        ping(m.from);
      }
    },
    [=](const gone& m) {
      ++told->lost_connections;
      self->state.streams.close(m.from);
      self->delayed_send(self, 100ms, dial_again{});
    },
  };
}

}  // namespace

boot make_ponger() {
  return [](machine& m) {
    auto root = m.system().spawn(ponger, &m);
    caf::anon_send(root, begin{});
    return process{root, nullptr};
  };
}

boot make_pinger(std::string to, std::shared_ptr<score> told) {
  return [to = std::move(to), told = std::move(told)](machine& m) {
    auto root = m.system().spawn(pinger, &m, to, told);
    caf::anon_send(root, begin{});
    return process{root, nullptr};
  };
}

}  // namespace troupe::sim::test
