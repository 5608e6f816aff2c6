#pragma once

#include "runtime/base/bytes.hpp"
#include "runtime/net/tls_context.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>

struct ssl_st;
struct bio_st;

namespace troupe::net {

/// One end of a TLS connection as a machine without sockets: what the other end sent goes in, what is to be sent comes
/// out (RFC 8446, RFC 5246). Not for several threads at a time.
class tls_session {
 public:
  /// As the server of a client that has connected.
  static tls_session server(std::shared_ptr<const tls_context> by);
  /// As the client of a server that was dialled as `host`.
  static tls_session client(std::shared_ptr<const tls_context> by, const std::string& host);

  /// Takes bytes from the other end and carries the handshake on. An error ends the session; what `take_output` has
  /// then tells the other end why.
  error receive(bytes_view from);
  /// Begins the handshake as a client; harmless otherwise.
  error advance();
  bool is_established() const { return is_established_; }
  /// The other end has said that it sends no more.
  bool is_over() const;

  /// Decrypted bytes of the other end; 0: none for now.
  expected<std::size_t> read(std::span<std::uint8_t> into);
  /// Encrypts; only once established.
  error write(bytes_view from);
  /// Says that nothing more will be written.
  void finish();
  /// What the other end is to be sent; empty: nothing.
  byte_slice take_output();

 private:
  struct freed {
    void operator()(ssl_st* session) const;
  };
  tls_session(std::shared_ptr<const tls_context> by, bool is_server);
  error failed(const std::string& doing) const;

  std::shared_ptr<const tls_context> context_;
  std::unique_ptr<ssl_st, freed> session_;
  bio_st* in_ = nullptr;   ///< owned by the session, as is `out_`
  bio_st* out_ = nullptr;
  bool is_established_ = false;
};

}  // namespace troupe::net
