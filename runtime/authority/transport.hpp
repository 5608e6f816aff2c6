#pragma once

#include "runtime/base/chunk.hpp"
#include "runtime/base/error.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace troupe {

/// How a socket operation failed; the sentence names address and cause.
enum class transport_errc : std::uint8_t {
  address_in_use = 1,
  bad_address,     ///< the host does not resolve or is not of this machine
  closed_by_peer,  ///< orderly end of the stream, or a reset
  unreachable,     ///< nobody listens there, or the network does not lead there
  io,
  insecure,        ///< TLS: a certificate or key is of no use, one end does not trust the other, bytes were altered
};

error make_error(transport_errc code, std::string text);

/// One end of a connection.
struct endpoint {
  std::string host;
  std::uint16_t port = 0;
};

/// What reads a connection's bytes. All calls come from the transport's own thread, one at a time; none may block.
class stream_reader {
 public:
  virtual ~stream_reader() = default;
  /// Where the next bytes shall go; never empty.
  virtual std::span<std::uint8_t> prepare() = 0;
  /// `count` bytes were put there. False: read no more until `connection::resume_reading`.
  virtual bool commit(std::size_t count) = 0;
  /// What `send` had queued has left; only after `send` returned more than 0.
  virtual void drained() = 0;
  /// The connection has ended; the last call.
  virtual void closed(const error& why) = 0;
};

/// One established byte stream. `start`, `send` and `close` belong to the one actor that owns the connection;
/// `resume_reading` may be called from any thread. Dropping the last reference closes the stream.
class connection {
 public:
  virtual ~connection() = default;
  /// Begins to read into `reader`. Call once.
  virtual void start(std::shared_ptr<stream_reader> reader) = 0;
  /// Sends `parts` in order and returns how many bytes could not leave at once and are queued here. The caller bounds
  /// that queue by not sending more until `drained`.
  virtual std::size_t send(std::vector<chunk> parts) = 0;
  virtual void resume_reading() = 0;
  /// Ends the stream after what is queued has left; the reader hears `closed`.
  virtual void close() = 0;
  virtual const endpoint& local() const = 0;
  virtual const endpoint& peer() const = 0;
};

/// A bound listening socket. Dropping it stops listening.
class listening_socket {
 public:
  virtual ~listening_socket() = default;
  virtual const endpoint& local() const = 0;
  /// Accepts again after it had stopped for want of file descriptors.
  virtual void resume() = 0;
};

/// What hears of new connections; calls come from the transport's own thread.
class acceptor {
 public:
  virtual ~acceptor() = default;
  virtual void accepted(std::shared_ptr<connection> incoming) = 0;
  /// No connection can be taken now (file descriptors are used up); nothing more is accepted until `resume`.
  virtual void exhausted(const error& why) = 0;
};

/// What hears how a dialled connection turned out: exactly one of the two, from the transport's own thread. Failing can
/// take as long as the network likes; whoever is not that patient lets go of a connection that comes too late.
class dialler {
 public:
  virtual ~dialler() = default;
  virtual void connected(std::shared_ptr<connection> outgoing) = 0;
  virtual void failed(const error& why) = 0;
};

/// Byte streams to and from other processes: the only way product code reaches a network. `posix` and `sim` implement
/// it.
class transport {
 public:
  virtual ~transport() = default;
  /// Listens on `at`; port 0 lets the system choose.
  virtual expected<std::unique_ptr<listening_socket>> listen(const endpoint& at, std::shared_ptr<acceptor> to) = 0;
  /// Connects to `to`, whose host is a name or a numeric address.
  virtual void dial(const endpoint& to, std::shared_ptr<dialler> who) = 0;
};

}  // namespace troupe
