#include "runtime/node/listener_tls.hpp"

#include "runtime/authority/transport.hpp"
#include "runtime/base/bounds.hpp"

#include <algorithm>
#include <optional>
#include <string>

namespace troupe {

namespace {

error insecure(const config::listener& which, const std::string& what) {
  return make_error(transport_errc::insecure, "listener " + config::to_string(which) + ": " + what);
}

expected<std::string> read_file(disk& storage, const std::string& path) {
  auto opened = storage.open(path, open_mode::read);
  if (!opened)
    return opened.error();
  auto size = (*opened)->size();
  if (!size)
    return size.error();
  if (*size > bounds::key_file_bytes_max)
    return make_error(disk_errc::io, path + ": is too large for a file with keys");
  std::string out(*size, '\0');
  auto got = (*opened)->read(0, {reinterpret_cast<std::uint8_t*>(out.data()), out.size()});
  if (!got)
    return got.error();
  out.resize(*got);
  return out;
}

class reader {
 public:
  reader(disk& storage, const config::broker_config& settings, const config::listener& which)
    : storage_(storage), settings_(settings), which_(which) {}

  std::string text(const std::string& key) const { return settings_.text_of(which_, key).value_or(""); }

  /// What the file named by `location` holds, or the PEM text of `inline_key`; empty when neither is given.
  expected<std::string> content(const std::string& location, const std::string& inline_key) const {
    if (auto given = text(inline_key); !given.empty())
      return given;
    const auto path = text(location);
    if (path.empty())
      return std::string{};
    auto found = read_file(storage_, path);
    if (!found)
      return insecure(which_, location + ": " + render(found.error()));
    return found;
  }

 private:
  disk& storage_;
  const config::broker_config& settings_;
  const config::listener& which_;
};

net::client_certificate wanted_from_clients(const std::string& told) {
  return told == "required"    ? net::client_certificate::required
         : told == "requested" ? net::client_certificate::requested
                               : net::client_certificate::none;
}

}  // namespace

expected<std::shared_ptr<const net::tls_context>> tls_of(disk& storage, const config::broker_config& settings,
                                                         const config::listener& which, bool for_nodes) {
  if (which.protocol != "SSL")
    return std::shared_ptr<const net::tls_context>{};
  const reader from{storage, settings, which};
  net::tls_material material;
  auto key = from.content("ssl.keystore.location", "ssl.keystore.key");
  auto trusted = from.content("ssl.truststore.location", "ssl.truststore.certificates");
  if (!key)
    return key.error();
  if (!trusted)
    return trusted.error();
  if (key->empty())
    return insecure(which, "has no key; set ssl.keystore.location to a file in PEM or PKCS12 format");
  if (for_nodes && trusted->empty())
    return insecure(which, "nodes have to know each other; set ssl.truststore.location to the certificate of the "
                           "authority that signed their certificates");
  material.key_password = from.text("ssl.key.password");
  material.key_container_password = from.text("ssl.keystore.password");
  material.trusted_container_password = from.text("ssl.truststore.password");
  material.certificates = from.text("ssl.keystore.certificate.chain");
  material.key = std::move(*key);
  material.trusted = std::move(*trusted);
  const auto versions = from.text("ssl.enabled.protocols");
  const auto offers = [&](const char* version) { return versions.find(version) != std::string::npos; };
  net::tls_rules rules;
  rules.from_client = for_nodes ? net::client_certificate::required : wanted_from_clients(from.text("ssl.client.auth"));
  rules.check_host = !from.text("ssl.endpoint.identification.algorithm").empty();
  rules.allow_1_2 = offers("TLSv1.2");
  rules.allow_1_3 = offers("TLSv1.3");
  if (!rules.allow_1_2 && !rules.allow_1_3)
    return insecure(which, "ssl.enabled.protocols=" + versions + " offers neither TLSv1.2 nor TLSv1.3");
  auto made = net::tls_context::make(material, rules);
  if (!made)
    return insecure(which, render(made.error()));
  return made;
}

}  // namespace troupe
