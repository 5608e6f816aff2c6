#pragma once

#include "runtime/base/error.hpp"

#include <cstdint>
#include <memory>
#include <string>

struct ssl_ctx_st;

namespace troupe::net {

/// A private key with its certificates, and whom to trust: the content of files, as PEM text or PKCS #12.
struct tls_material {
  std::string key;            ///< PEM: private key; where `certificates` is empty, the certificates stand with it
  std::string certificates;   ///< PEM: the own certificate first, then those of its issuers
  std::string key_password;   ///< of a PEM key; empty: none
  std::string key_container_password;      ///< of a PKCS #12 container with key and certificates
  std::string trusted;        ///< certificates of issuers whose word counts; empty: nobody is asked for a certificate
  std::string trusted_container_password;  ///< of a PKCS #12 container with these
};

/// Whether a server wants to see its client's certificate (`ssl.client.auth`).
enum class client_certificate : std::uint8_t { none, requested, required };

/// How the connections of one listener, or to other nodes, are made.
struct tls_rules {
  client_certificate from_client = client_certificate::none;
  bool check_host = true;  ///< as a client: the server's certificate must be for the host that was dialled (RFC 6125)
  bool allow_1_2 = true;
  bool allow_1_3 = true;
};

/// What all TLS connections of one kind share (OpenSSL's SSL_CTX). Immutable, for any thread.
class tls_context {
 public:
  /// Errors (`transport_errc::insecure`) name what is wrong with which part: an unreadable key or certificate, a wrong
  /// password, a key that does not belong to the certificate, a Java keystore, client certificates wanted and nobody
  /// trusted.
  static expected<std::shared_ptr<const tls_context>> make(const tls_material& from, const tls_rules& rules);
  ~tls_context();
  tls_context(const tls_context&) = delete;
  tls_context& operator=(const tls_context&) = delete;

  const tls_rules& rules() const { return rules_; }
  /// For sessions: new ones count a reference of it.
  ssl_ctx_st* native() const { return context_; }

 private:
  tls_context(ssl_ctx_st* context, const tls_rules& rules) : context_(context), rules_(rules) {}

  ssl_ctx_st* context_;
  tls_rules rules_;
};

/// What OpenSSL has to say about its last failure on this thread, as a part of a sentence; forgets it.
std::string tls_complaint();

}  // namespace troupe::net
