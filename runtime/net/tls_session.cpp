#include "runtime/net/tls_session.hpp"

#include "runtime/authority/transport.hpp"
#include "runtime/base/invariant.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <climits>

namespace troupe::net {

namespace {

int clamped(std::size_t size) {
  return static_cast<int>(std::min<std::size_t>(size, INT_MAX));
}

bool wants_more(ssl_st* session, int outcome) {
  const auto why = SSL_get_error(session, outcome);
  return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE;
}

}  // namespace

void tls_session::freed::operator()(ssl_st* session) const {
  SSL_free(session);
}

tls_session::tls_session(std::shared_ptr<const tls_context> by, bool is_server)
  : context_(std::move(by)), session_(SSL_new(context_->native())), in_(BIO_new(BIO_s_mem())),
    out_(BIO_new(BIO_s_mem())) {
  TROUPE_INVARIANT(session_ && in_ && out_, "OpenSSL has no memory");
  SSL_set_bio(session_.get(), in_, out_);
  if (is_server)
    SSL_set_accept_state(session_.get());
  else
    SSL_set_connect_state(session_.get());
}

tls_session tls_session::server(std::shared_ptr<const tls_context> by) {
  tls_session made{std::move(by), true};
  const auto wanted = made.context_->rules().from_client;
  const int mode = wanted == client_certificate::none ? SSL_VERIFY_NONE
                   : wanted == client_certificate::requested
                     ? SSL_VERIFY_PEER
                     : SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  SSL_set_verify(made.session_.get(), mode, nullptr);
  return made;
}

tls_session tls_session::client(std::shared_ptr<const tls_context> by, const std::string& host) {
  tls_session made{std::move(by), false};
  auto* session = made.session_.get();
  SSL_set_verify(session, SSL_VERIFY_PEER, nullptr);
  const bool is_address = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host.c_str()) == 1;
  if (!is_address)
    SSL_set_tlsext_host_name(session, host.c_str());
  if (!made.context_->rules().check_host)
    X509_VERIFY_PARAM_set1_ip(SSL_get0_param(session), nullptr, 0);
  else if (!is_address)
    SSL_set1_host(session, host.c_str());
  return made;
}

error tls_session::failed(const std::string& doing) const {
  const auto verdict = SSL_get_verify_result(session_.get());
  auto why = tls_complaint();
  if (verdict != X509_V_OK)
    why += std::string{" ("} + X509_verify_cert_error_string(verdict) + ")";
  return make_error(transport_errc::insecure, "TLS " + doing + ": " + why);
}

error tls_session::receive(bytes_view from) {
  while (!from.empty()) {
    const auto taken = BIO_write(in_, from.data(), clamped(from.size()));
    TROUPE_INVARIANT(taken > 0, "memory takes all bytes");
    from = from.subspan(static_cast<std::size_t>(taken));
  }
  return advance();
}

error tls_session::advance() {
  if (is_established_)
    return {};
  ERR_clear_error();
  const auto outcome = SSL_do_handshake(session_.get());
  if (outcome == 1)
    is_established_ = true;
  else if (!wants_more(session_.get(), outcome))
    return failed("handshake");
  return {};
}

bool tls_session::is_over() const {
  return (SSL_get_shutdown(session_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
}

expected<std::size_t> tls_session::read(std::span<std::uint8_t> into) {
  if (!is_established_)
    return std::size_t{0};
  ERR_clear_error();
  const auto count = SSL_read(session_.get(), into.data(), clamped(into.size()));
  if (count > 0)
    return static_cast<std::size_t>(count);
  if (wants_more(session_.get(), count) || is_over())
    return std::size_t{0};
  return failed("record");
}

error tls_session::write(bytes_view from) {
  while (!from.empty()) {
    ERR_clear_error();
    const auto count = SSL_write(session_.get(), from.data(), clamped(from.size()));
    if (count <= 0)
      return failed("writing");
    from = from.subspan(static_cast<std::size_t>(count));
  }
  return {};
}

void tls_session::finish() {
  if (is_established_)
    SSL_shutdown(session_.get());
  ERR_clear_error();
}

byte_slice tls_session::take_output() {
  const auto waiting = BIO_ctrl_pending(out_);
  if (waiting == 0)
    return {};
  unique_buffer out{waiting};
  const auto count = BIO_read(out_, out.data(), clamped(waiting));
  TROUPE_INVARIANT(count > 0, "memory gives what is pending");
  return std::move(out).freeze(static_cast<std::size_t>(count));
}

}  // namespace troupe::net
