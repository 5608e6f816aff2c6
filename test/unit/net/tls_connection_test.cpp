#include "runtime/net/tls_connection.hpp"

#include "test/unit/net/certificates.hpp"

#include <boost/test/unit_test.hpp>

#include <cstring>
#include <deque>

using namespace troupe;
using net::tls_context;

namespace {

/// One end of a pair of byte streams in memory, which carries bytes only when told to.
class fake_stream final : public connection {
 public:
  void start(std::shared_ptr<stream_reader> reader) override { reader_ = std::move(reader); }
  std::size_t send(std::vector<chunk> parts) override {
    for (const auto& part : parts)
      for (const auto byte : std::get<byte_slice>(part).view())
        sent.push_back(byte);
    return queues ? sent.size() : 0;
  }
  void resume_reading() override { is_reading = true; }
  void close() override {
    is_closed = true;
    end();  // as a socket does that is closed on the transport's own thread
  }
  const endpoint& local() const override { return here_; }
  const endpoint& peer() const override { return here_; }

  /// Gives its reader what `other` has sent, while that wants to read. True when something moved.
  bool take_from(fake_stream& other) {
    bool moved = false;
    while (reader_ && is_reading && !other.sent.empty()) {
      const auto reader = reader_;
      const auto room = reader->prepare();
      const auto count = std::min({room.size(), other.sent.size(), std::size_t{700}});
      std::copy_n(other.sent.begin(), count, room.begin());
      other.sent.erase(other.sent.begin(), other.sent.begin() + static_cast<std::ptrdiff_t>(count));
      is_reading = reader->commit(count);
      moved = true;
    }
    if (moved && other.queues && other.reader_)
      other.reader_->drained();
    return moved;
  }
  void end() {
    if (auto reader = std::exchange(reader_, nullptr))
      reader->closed(make_error(transport_errc::closed_by_peer, "ended"));
  }

  std::deque<std::uint8_t> sent;
  bool queues = false;  ///< as a socket that is full
  bool is_reading = true;
  bool is_closed = false;

 private:
  std::shared_ptr<stream_reader> reader_;
  endpoint here_{"host", 1};
};

struct heard final : stream_reader {
  std::span<std::uint8_t> prepare() override { return room; }
  bool commit(std::size_t count) override {
    text.append(reinterpret_cast<const char*>(room.data()), count);
    return !stops || text.size() < stops;
  }
  void drained() override { ++drains; }
  void closed(const error& why) override { reason = render(why); }

  std::array<std::uint8_t, 512> room;
  std::string text, reason;
  std::size_t stops = 0;  ///< wants no more from so many bytes on
  int drains = 0;
};

std::vector<chunk> parts_of(const std::string& text) {
  return {byte_slice::copy_of(as_bytes(text))};
}

struct pair {
  explicit pair(const std::string& host = "broker.example") {
    const auto root = net_test::authority("root");
    const auto own = net_test::issued(root, "server", "DNS:broker.example");
    const auto serving = tls_context::make({.key = own.key, .certificates = own.certificate}, {});
    server = net::secure_server(server_raw, serving.value());
    client = net::secure_client(client_raw, tls_context::make({.trusted = root.certificate}, {}).value(), host);
  }
  void start() {
    server->start(at_server);
    client->start(at_client);
  }
  void run() {
    while (server_raw->take_from(*client_raw) | client_raw->take_from(*server_raw)) {
    }
  }

  std::shared_ptr<fake_stream> server_raw = std::make_shared<fake_stream>();
  std::shared_ptr<fake_stream> client_raw = std::make_shared<fake_stream>();
  std::shared_ptr<heard> at_server = std::make_shared<heard>();
  std::shared_ptr<heard> at_client = std::make_shared<heard>();
  std::shared_ptr<connection> server, client;
};

}  // namespace

BOOST_AUTO_TEST_CASE(what_is_sent_before_the_handshake_is_over_arrives_after_it) {
  pair p;
  p.start();
  BOOST_TEST(p.client->send(parts_of("hello")) == 5u);
  BOOST_TEST(p.client->send(parts_of(" world")) == 11u);
  p.run();
  BOOST_TEST(p.at_server->text == "hello world");
  BOOST_TEST(p.at_client->drains == 1);
  BOOST_TEST(p.server->send(parts_of("well met")) == 0u);
  p.run();
  BOOST_TEST(p.at_client->text == "well met");
  BOOST_TEST(p.at_server->drains == 0);
}

BOOST_AUTO_TEST_CASE(a_reader_that_wants_no_more_gets_the_rest_when_it_resumes) {
  pair p;
  p.start();
  p.run();
  const std::string much(100'000, 'm');
  p.at_server->stops = 1;
  p.client->send(parts_of(much));
  p.run();
  BOOST_TEST(p.at_server->text.size() <= p.at_server->room.size());
  p.at_server->stops = 0;
  p.server->resume_reading();
  p.run();
  BOOST_TEST((p.at_server->text == much));
}

BOOST_AUTO_TEST_CASE(a_full_socket_is_told_of_and_so_is_when_it_has_drained) {
  pair p;
  p.start();
  p.run();
  p.client_raw->queues = true;
  BOOST_TEST(p.client->send(parts_of("queued")) > 0u);
  BOOST_TEST(p.at_client->drains == 0);
  p.run();
  BOOST_TEST(p.at_client->drains == 1);
}

BOOST_AUTO_TEST_CASE(a_handshake_that_fails_closes_the_connection_and_says_why_at_both_ends) {
  pair p{"other.example"};
  p.start();
  p.client->send(parts_of("never"));
  p.run();
  BOOST_TEST(p.client_raw->is_closed);
  BOOST_TEST((p.at_client->reason.find("ostname mismatch") != std::string::npos), p.at_client->reason);
  BOOST_TEST(p.server_raw->is_closed);
  BOOST_TEST((p.at_server->reason.find("TLS handshake") != std::string::npos), p.at_server->reason);
  BOOST_TEST(p.at_server->text == "");
  BOOST_TEST(p.client->send(parts_of("into the void")) == 0u);
}

BOOST_AUTO_TEST_CASE(the_end_of_the_conversation_closes_the_other_side_too) {
  pair p;
  p.start();
  p.run();
  p.client->close();
  BOOST_TEST(p.client_raw->is_closed);
  p.run();
  BOOST_TEST(p.server_raw->is_closed);
}
