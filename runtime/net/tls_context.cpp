#include "runtime/net/tls_context.hpp"

#include "runtime/authority/transport.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <vector>

namespace troupe::net {

namespace {

template <auto Free>
struct freed_by {
  template <class T>
  void operator()(T* value) const {
    Free(value);
  }
};
using bio = std::unique_ptr<BIO, freed_by<BIO_free>>;
using key = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;
using certificate = std::unique_ptr<X509, freed_by<X509_free>>;
using container = std::unique_ptr<PKCS12, freed_by<PKCS12_free>>;

void free_all(STACK_OF(X509) * all) {
  sk_X509_pop_free(all, X509_free);
}

/// A key and certificates, out of whatever format.
struct unpacked {
  key own_key;
  std::vector<certificate> certificates;
};

error insecure(const std::string& what) {
  return make_error(transport_errc::insecure, what);
}

bio reader_of(const std::string& text) {
  return bio{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
}

bool is_pem(const std::string& text) {
  return text.find("-----BEGIN ") != std::string::npos;
}

bool is_java_keystore(const std::string& bytes) {
  return bytes.starts_with("\xfe\xed\xfe\xed");
}

int give_password(char* into, int size, int, void* given) {
  const auto& password = *static_cast<const std::string*>(given);
  const auto count = std::min(static_cast<std::size_t>(size), password.size());
  std::copy_n(password.data(), count, into);
  return static_cast<int>(count);
}

std::vector<certificate> certificates_in(const std::string& pem) {
  std::vector<certificate> out;
  const auto from = reader_of(pem);
  while (auto* next = PEM_read_bio_X509(from.get(), nullptr, nullptr, nullptr))
    out.emplace_back(next);
  ERR_clear_error();  // the end of the text is an error to OpenSSL
  return out;
}

expected<unpacked> unpack_container(const std::string& what, const std::string& bytes, const std::string& password) {
  if (is_java_keystore(bytes))
    return insecure(what + " is a Java keystore; make it PKCS12 with keytool -importkeystore -deststoretype PKCS12");
  const auto from = reader_of(bytes);
  const container sealed{d2i_PKCS12_bio(from.get(), nullptr)};
  if (!sealed)
    return insecure(what + " is neither PEM text nor PKCS12: " + tls_complaint());
  EVP_PKEY* own_key = nullptr;
  X509* own = nullptr;
  STACK_OF(X509)* others = nullptr;
  if (PKCS12_parse(sealed.get(), password.c_str(), &own_key, &own, &others) != 1)
    return insecure(what + " cannot be opened, is the password right? " + tls_complaint());
  unpacked out;
  out.own_key.reset(own_key);
  if (own)
    out.certificates.emplace_back(own);
  while (others && sk_X509_num(others) > 0)
    out.certificates.emplace_back(sk_X509_shift(others));
  free_all(others);
  return out;
}

expected<unpacked> unpack_identity(const tls_material& from) {
  if (!is_pem(from.key))
    return unpack_container("the keystore", from.key, from.key_container_password);
  unpacked out;
  const auto text = reader_of(from.key);
  auto password = from.key_password;
  out.own_key.reset(PEM_read_bio_PrivateKey(text.get(), nullptr, give_password, &password));
  if (!out.own_key)
    return insecure("the keystore has no readable private key, is the password right? " + tls_complaint());
  out.certificates = certificates_in(from.certificates.empty() ? from.key : from.certificates);
  return out;
}

error install_identity(SSL_CTX* into, const tls_material& from) {
  auto identity = unpack_identity(from);
  if (!identity)
    return identity.error();
  if (identity->certificates.empty())
    return insecure("the keystore has no certificate");
  if (SSL_CTX_use_certificate(into, identity->certificates[0].get()) != 1)
    return insecure("the certificate is not usable: " + tls_complaint());
  if (!identity->own_key || SSL_CTX_use_PrivateKey(into, identity->own_key.get()) != 1)
    return insecure("the private key does not belong to the certificate: " + tls_complaint());
  for (std::size_t i = 1; i < identity->certificates.size(); ++i)
    if (SSL_CTX_add1_chain_cert(into, identity->certificates[i].get()) != 1)
      return insecure("the chain of certificates is not usable: " + tls_complaint());
  return {};
}

error install_trust(SSL_CTX* into, const tls_material& from) {
  std::vector<certificate> trusted;
  if (is_pem(from.trusted)) {
    trusted = certificates_in(from.trusted);
  } else {
    auto opened = unpack_container("the truststore", from.trusted, from.trusted_container_password);
    if (!opened)
      return opened.error();
    trusted = std::move(opened->certificates);
  }
  if (trusted.empty())
    return insecure("the truststore has no certificate");
  auto* store = SSL_CTX_get_cert_store(into);
  for (const auto& each : trusted) {
    if (X509_STORE_add_cert(store, each.get()) != 1 || SSL_CTX_add_client_CA(into, each.get()) != 1)
      return insecure("a certificate of the truststore is not usable: " + tls_complaint());
  }
  return {};
}

}  // namespace

std::string tls_complaint() {
  const auto code = ERR_get_error();
  ERR_clear_error();
  const char* reason = code ? ERR_reason_error_string(code) : nullptr;
  return reason ? reason : "no reason is known";
}

expected<std::shared_ptr<const tls_context>> tls_context::make(const tls_material& from, const tls_rules& rules) {
  ERR_clear_error();
  auto* native = SSL_CTX_new(TLS_method());
  if (!native)
    return insecure("OpenSSL cannot be used: " + tls_complaint());
  const std::shared_ptr<const tls_context> made{new tls_context{native, rules}};
  SSL_CTX_set_min_proto_version(native, rules.allow_1_2 ? TLS1_2_VERSION : TLS1_3_VERSION);
  SSL_CTX_set_max_proto_version(native, rules.allow_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION);
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);  // an idle connection costs no record buffers
  if (!from.key.empty())
    if (auto refused = install_identity(native, from))
      return refused;
  if (!from.trusted.empty()) {
    if (auto refused = install_trust(native, from))
      return refused;
  } else if (rules.from_client != client_certificate::none) {
    return insecure("client certificates are asked for, and there is no truststore to judge them by");
  }
  return made;
}

tls_context::~tls_context() {
  SSL_CTX_free(context_);
}

}  // namespace troupe::net
