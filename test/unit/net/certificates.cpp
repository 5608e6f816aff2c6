#include "test/unit/net/certificates.hpp"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509v3.h>

#include <memory>
#include <stdexcept>

namespace troupe::net_test {

namespace {

void check(bool done) {
  if (!done)
    throw std::runtime_error{"OpenSSL could not make a certificate"};
}

std::string text_of(BIO* from) {
  char* begin = nullptr;
  const auto size = BIO_get_mem_data(from, &begin);
  std::string out{begin, static_cast<std::size_t>(size)};
  BIO_free(from);
  return out;
}

EVP_PKEY* key_in(const std::string& pem) {
  auto* from = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  auto* key = PEM_read_bio_PrivateKey(from, nullptr, nullptr, nullptr);
  BIO_free(from);
  check(key);
  return key;
}

X509* certificate_in(const std::string& pem) {
  auto* from = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  auto* certificate = PEM_read_bio_X509(from, nullptr, nullptr, nullptr);
  BIO_free(from);
  check(certificate);
  return certificate;
}

void extend(X509* certificate, int what, const std::string& value) {
  auto* extension = X509V3_EXT_conf_nid(nullptr, nullptr, what, value.c_str());
  check(extension && X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

/// Signed by `by`, or by itself where that is null.
identity make(const identity* by, const std::string& name, const std::string& hosts) {
  auto* key = EVP_EC_gen("P-256");
  auto* certificate = X509_new();
  check(key && certificate);
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), static_cast<long>(std::hash<std::string>{}(name + hosts) >> 40));
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  auto* issuer = by ? certificate_in(by->certificate) : nullptr;
  auto* issuer_key = by ? key_in(by->key) : nullptr;
  X509_set_issuer_name(certificate, X509_get_subject_name(issuer ? issuer : certificate));
  extend(certificate, NID_basic_constraints, by ? "CA:FALSE" : "critical,CA:TRUE");
  if (!hosts.empty())
    extend(certificate, NID_subject_alt_name, hosts);
  check(X509_sign(certificate, issuer_key ? issuer_key : key, EVP_sha256()) > 0);
  auto* key_text = BIO_new(BIO_s_mem());
  auto* certificate_text = BIO_new(BIO_s_mem());
  check(PEM_write_bio_PrivateKey(key_text, key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  check(PEM_write_bio_X509(certificate_text, certificate) == 1);
  X509_free(issuer);
  EVP_PKEY_free(issuer_key);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return {text_of(key_text), text_of(certificate_text)};
}

}  // namespace

identity authority(const std::string& name) {
  return make(nullptr, name, "");
}

identity issued(const identity& by, const std::string& name, const std::string& hosts) {
  return make(&by, name, hosts);
}

std::string pkcs12(const identity& whose, const std::string& password) {
  auto* key = key_in(whose.key);
  auto* certificate = certificate_in(whose.certificate);
  auto* sealed = PKCS12_create(password.c_str(), "node", key, certificate, nullptr, 0, 0, 0, 0, 0);
  check(sealed);
  auto* out = BIO_new(BIO_s_mem());
  check(i2d_PKCS12_bio(out, sealed) == 1);
  PKCS12_free(sealed);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return text_of(out);
}

}  // namespace troupe::net_test
