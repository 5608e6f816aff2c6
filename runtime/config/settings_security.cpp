#include "runtime/config/settings_rows.hpp"

// TLS, authorization, delegation tokens.
namespace troupe::config::rows {

namespace {

constexpr setting table[] = {
  {"authorizer.class.name", string, "", any, fixed, ignored,
   "Class that decides who may do what; empty: everybody everything."},
  {"delegation.token.expiry.check.interval.ms", int64, "3600000", at_least(1), fixed, ignored,
   "How often expired delegation tokens are looked for."},
  {"delegation.token.expiry.time.ms", int64, "86400000", at_least(1), fixed, ignored,
   "How long a delegation token lasts until it is renewed."},
  {"delegation.token.max.lifetime.ms", int64, "604800000", at_least(1), fixed, ignored,
   "How long a delegation token lasts at most."},
  {"delegation.token.secret.key", password, none, any, fixed, ignored,
   "Secret that delegation tokens are made from, the same on all nodes."},
  {"principal.builder.class", class_name,
   "org.apache.kafka.common.security.authenticator.DefaultKafkaPrincipalBuilder",
   any, per_broker, ignored,
   "Class that makes a principal from a login."},
  {"security.providers", string, none, any, fixed, ignored,
   "Classes that add Java security algorithms."},
  {"ssl.allow.dn.changes", boolean, "false", any, fixed, ignored,
   "Whether a new certificate may have another distinguished name."},
  {"ssl.allow.san.changes", boolean, "false", any, fixed, ignored,
   "Whether a new certificate may lack alternative names of the old one."},
  {"ssl.cipher.suites", list, "", any, per_broker, ignored,
   "Cipher suites that are offered."},
  {"ssl.client.auth", string, "none", one_of("required|requested|none"), fixed, honoured,
   "Whether clients have to show a certificate."},
  {"ssl.enabled.protocols", list, "TLSv1.2,TLSv1.3", any, fixed, honoured,
   "TLS versions that are offered."},
  {"ssl.endpoint.identification.algorithm", string, "https", any, fixed, honoured,
   "How a server's name is checked against its certificate; empty: not at all."},
  {"ssl.engine.factory.class", class_name, none, any, per_broker, ignored,
   "Class that makes TLS engines."},
  {"ssl.key.password", password, none, any, fixed, honoured,
   "Password of the private key."},
  {"ssl.keymanager.algorithm", string, "SunX509", any, per_broker, ignored,
   "Java's algorithm for key managers."},
  {"ssl.keystore.certificate.chain", password, none, any, fixed, honoured,
   "Certificate chain as PEM text."},
  {"ssl.keystore.key", password, none, any, fixed, honoured,
   "Private key as PEM text."},
  {"ssl.keystore.location", string, none, any, fixed, honoured,
   "File with private key and certificate."},
  {"ssl.keystore.password", password, none, any, fixed, honoured,
   "Password of the key file."},
  {"ssl.keystore.type", string, "JKS", any, per_broker, ignored,
   "Format of the key file; PEM and PKCS12 are told apart by their content."},
  {"ssl.principal.mapping.rules", string, "DEFAULT", any, fixed, ignored,
   "Rules that turn a certificate's name into a user name."},
  {"ssl.protocol", string, "TLSv1.3", any, per_broker, ignored,
   "TLS version to prefer."},
  {"ssl.provider", string, none, any, per_broker, ignored,
   "Java's security provider."},
  {"ssl.secure.random.implementation", string, none, any, per_broker, ignored,
   "Java's source of randomness for TLS."},
  {"ssl.trustmanager.algorithm", string, "PKIX", any, per_broker, ignored,
   "Java's algorithm for trust managers."},
  {"ssl.truststore.certificates", password, none, any, fixed, honoured,
   "Trusted certificates as PEM text."},
  {"ssl.truststore.location", string, none, any, fixed, honoured,
   "File with trusted certificates."},
  {"ssl.truststore.password", password, none, any, fixed, honoured,
   "Password of the file with trusted certificates."},
  {"ssl.truststore.type", string, "JKS", any, per_broker, ignored,
   "Format of the file with trusted certificates, likewise."},
};

}  // namespace

std::span<const setting> security() {
  return table;
}

}  // namespace troupe::config::rows
