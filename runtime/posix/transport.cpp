#include "runtime/posix/transport.hpp"

#include "runtime/base/bounds.hpp"
#include "runtime/posix/socket.hpp"

#include <caf/actor_system.hpp>
#include <caf/io/middleman.hpp>
#include <caf/io/network/default_multiplexer.hpp>
#include <caf/io/network/event_handler.hpp>

#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <mutex>

namespace troupe::posix {

namespace {

using caf::io::network::default_multiplexer;
using caf::io::network::event_handler;
using caf::io::network::operation;

/// A socket in CAF's loop. The loop knows it by plain pointer, so it holds itself while it is registered.
class loop_member : public event_handler {
 public:
  loop_member(default_multiplexer& loop, int fd) : event_handler(loop, fd) {}

  void graceful_shutdown() override {}

 protected:
  // Both on the loop's thread only.
  void enter(operation op, std::shared_ptr<loop_member> self) {
    self_ = std::move(self);
    backend().add(op, fd(), this);
  }

  void leave(operation op) { backend().del(op, fd(), this); }

  void removed_from_loop(operation) override {
    if (eventbf() == 0)
      backend().post([self = std::move(self_)] {});  // dropped after the loop is done with this round's events
  }

 private:
  std::shared_ptr<loop_member> self_;
};

class tcp_stream final : public loop_member {
 public:
  tcp_stream(default_multiplexer& loop, int fd) : loop_member(loop, fd) {}

  std::shared_ptr<tcp_stream> self() { return self_.lock(); }
  void set_self(const std::shared_ptr<tcp_stream>& self) { self_ = self; }

  void start(std::shared_ptr<stream_reader> reader) {
    backend().dispatch([this, keep = self(), reader = std::move(reader)]() mutable {
      reader_ = std::move(reader);
      want_read();
    });
  }

  /// The socket is on its way; `who` hears how that ends.
  void arrive(endpoint to, std::shared_ptr<dialler> who) {
    backend().dispatch([this, keep = self(), to = std::move(to), who = std::move(who)]() mutable {
      destination_ = std::move(to);
      dialling_ = std::move(who);
      enter(operation::write, keep);
    });
  }

  void resume_reading() {
    backend().dispatch([this, keep = self()] { want_read(); });
  }

  std::size_t send(std::vector<chunk> parts) {
    std::unique_lock guard{lock_};
    if (broken_)
      return 0;
    const bool waiting = !queue_.empty();
    for (auto& part : parts)
      queue_.push_back(std::move(part));
    if (!waiting && !flush())
      return 0;
    if (queue_.empty())
      return 0;
    std::size_t queued = 0;
    for (const auto& part : queue_)
      queued += size_of(part);
    guard.unlock();
    if (!waiting)
      backend().dispatch([this, keep = self()] { enter(operation::write, keep); });
    return queued;
  }

  void close() {
    backend().dispatch([this, keep = self()] {
      std::unique_lock guard{lock_};
      closing_ = true;
      const bool idle = queue_.empty() || broken_;
      guard.unlock();
      if (idle)
        end(make_error(transport_errc::closed_by_peer, "closed here"));
    });
  }

  void handle_event(operation op) override {
    if (ended_)
      return;
    if (dialling_)
      return arrived();
    switch (op) {
      case operation::read: on_readable(); break;
      case operation::write: on_writable(); break;
      case operation::propagate_error: end(make_error(transport_errc::closed_by_peer, "connection reset")); break;
    }
  }

 private:
  void arrived();

  void want_read() {
    if (!ended_ && reader_)
      enter(operation::read, self());
  }

  void on_readable() {
    // A few reads a turn: enough to empty the socket of a fast client, few enough to be fair to the others.
    for (int turn = 0; turn < 4; ++turn) {
      const auto into = reader_->prepare();
      const auto count = ::recv(fd(), into.data(), into.size(), MSG_DONTWAIT);
      if (count == 0)
        return end(make_error(transport_errc::closed_by_peer, "closed by the peer"));
      if (count < 0) {
        if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
          return;
        return end(make_error(transport_errc::closed_by_peer, std::strerror(errno)));
      }
      if (!reader_->commit(static_cast<std::size_t>(count)))
        return leave(operation::read);
      if (static_cast<std::size_t>(count) < into.size())
        return;
    }
  }

  void on_writable() {
    std::unique_lock guard{lock_};
    const bool alive = flush();
    const bool empty = queue_.empty();
    const bool closing = closing_;
    guard.unlock();
    if (!alive)
      return end(make_error(transport_errc::closed_by_peer, "connection broken"));
    if (!empty)
      return;
    leave(operation::write);
    if (closing)
      return end(make_error(transport_errc::closed_by_peer, "closed here"));
    if (reader_)
      reader_->drained();
  }

  /// Under `lock_`. False when the stream broke.
  bool flush() {
    if (!send_some(fd(), queue_))
      return true;
    broken_ = true;
    queue_.clear();
    ::shutdown(fd(), SHUT_RDWR);  // the reading side hears of it and ends the stream
    return false;
  }

  void end(const error& why) {
    if (ended_)
      return;
    ended_ = true;
    {
      std::lock_guard guard{lock_};
      broken_ = true;
      queue_.clear();
    }
    ::shutdown(fd(), SHUT_RDWR);
    auto keep = self();
    leave(operation::read);
    leave(operation::write);
    if (auto reader = std::move(reader_))
      reader->closed(why);
  }

  std::weak_ptr<tcp_stream> self_;
  std::shared_ptr<stream_reader> reader_;  // loop's thread only
  bool ended_ = false;                     // loop's thread only
  std::shared_ptr<dialler> dialling_;      // loop's thread only; set until the socket has arrived
  endpoint destination_;

  std::mutex lock_;
  std::deque<chunk> queue_;  // what the socket did not take yet
  bool broken_ = false;
  bool closing_ = false;
};

/// What the owner holds; letting go of it closes the stream.
class tcp_connection final : public connection {
 public:
  tcp_connection(std::shared_ptr<tcp_stream> stream, endpoint local, endpoint peer)
    : stream_(std::move(stream)), local_(std::move(local)), peer_(std::move(peer)) {}
  ~tcp_connection() override { stream_->close(); }

  void start(std::shared_ptr<stream_reader> reader) override { stream_->start(std::move(reader)); }
  std::size_t send(std::vector<chunk> parts) override { return stream_->send(std::move(parts)); }
  void resume_reading() override { stream_->resume_reading(); }
  void close() override { stream_->close(); }
  const endpoint& local() const override { return local_; }
  const endpoint& peer() const override { return peer_; }

 private:
  std::shared_ptr<tcp_stream> stream_;
  endpoint local_;
  endpoint peer_;
};

void tcp_stream::arrived() {
  auto who = std::exchange(dialling_, nullptr);
  leave(operation::write);
  if (auto why = connect_outcome(fd(), destination_)) {
    ended_ = true;
    return who->failed(why);
  }
  who->connected(std::make_shared<tcp_connection>(self(), local_endpoint(fd()), peer_endpoint(fd())));
}

class tcp_acceptor final : public loop_member {
 public:
  tcp_acceptor(default_multiplexer& loop, int fd, std::shared_ptr<acceptor> to)
    : loop_member(loop, fd), to_(std::move(to)) {}

  void resume(const std::shared_ptr<tcp_acceptor>& self) {
    backend().dispatch([this, self] {
      if (to_)
        enter(operation::read, self);
    });
  }

  void stop(const std::shared_ptr<tcp_acceptor>& self) {
    backend().dispatch([this, self] {
      to_.reset();
      leave(operation::read);
    });
  }

  void handle_event(operation op) override {
    if (op != operation::read || !to_)
      return;
    for (int turn = 0; turn < 16; ++turn) {
      const int fd = ::accept4(this->fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
      if (fd < 0)
        return refuse(errno);
      auto stream = std::make_shared<tcp_stream>(backend(), fd);
      stream->set_self(stream);
      to_->accepted(std::make_shared<tcp_connection>(stream, local_endpoint(fd), peer_endpoint(fd)));
    }
  }

 private:
  void refuse(int code) {
    if (code != EMFILE && code != ENFILE && code != ENOBUFS && code != ENOMEM)
      return;  // nothing waits, or the one that waited has gone
    leave(operation::read);
    to_->exhausted(make_error(transport_errc::io, std::string{"accept: "} + std::strerror(code)));
  }

  std::shared_ptr<acceptor> to_;
};

class tcp_listening_socket final : public listening_socket {
 public:
  tcp_listening_socket(std::shared_ptr<tcp_acceptor> acceptor, endpoint local)
    : acceptor_(std::move(acceptor)), local_(std::move(local)) {}
  ~tcp_listening_socket() override { acceptor_->stop(acceptor_); }

  const endpoint& local() const override { return local_; }
  void resume() override { acceptor_->resume(acceptor_); }

 private:
  std::shared_ptr<tcp_acceptor> acceptor_;
  endpoint local_;
};

class tcp_transport final : public transport {
 public:
  explicit tcp_transport(caf::actor_system& system)
    : loop_(static_cast<default_multiplexer&>(system.middleman().backend())) {}

  expected<std::unique_ptr<listening_socket>> listen(const endpoint& at, std::shared_ptr<acceptor> to) override {
    auto fd = listen_on(at);
    if (!fd)
      return fd.error();
    auto handler = std::make_shared<tcp_acceptor>(loop_, *fd, std::move(to));
    handler->resume(handler);
    return std::unique_ptr<listening_socket>{std::make_unique<tcp_listening_socket>(handler, local_endpoint(*fd))};
  }

  void dial(const endpoint& to, std::shared_ptr<dialler> who) override {
    auto fd = connect_to(to);
    if (!fd)
      return loop_.post([who = std::move(who), why = fd.error()] { who->failed(why); });
    auto stream = std::make_shared<tcp_stream>(loop_, *fd);
    stream->set_self(stream);
    stream->arrive(to, std::move(who));
  }

 private:
  default_multiplexer& loop_;
};

}  // namespace

std::unique_ptr<transport> make_transport(caf::actor_system& system) {
  return std::make_unique<tcp_transport>(system);
}

}  // namespace troupe::posix
