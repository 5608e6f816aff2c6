#pragma once

#include <string>
#include <vector>

namespace troupe::net_test {

/// A private key and a certificate, as PEM text.
struct identity {
  std::string key;
  std::string certificate;
};

/// An authority that signs itself.
identity authority(const std::string& name);
/// Signed by `by`, for hosts given as "DNS:name" or "IP:address".
identity issued(const identity& by, const std::string& name, const std::string& hosts);
/// `whose` and the certificates of `others` in a PKCS #12 container.
std::string pkcs12(const identity& whose, const std::string& password);

}  // namespace troupe::net_test
