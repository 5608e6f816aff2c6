#include "runtime/net/tls_session.hpp"

#include "test/unit/net/certificates.hpp"

#include <boost/test/unit_test.hpp>

using namespace troupe;
using net::client_certificate;
using net::tls_context;
using net::tls_material;
using net::tls_rules;
using net::tls_session;
using net_test::authority;
using net_test::identity;
using net_test::issued;

namespace {

std::shared_ptr<const tls_context> context(const tls_material& from, const tls_rules& rules = {}) {
  auto made = tls_context::make(from, rules);
  if (!made)
    BOOST_FAIL(render(made.error()));
  return *made;
}

std::string complaint(const tls_material& from, const tls_rules& rules = {}) {
  const auto made = tls_context::make(from, rules);
  return made ? "" : render(made.error());
}

/// Carries bytes both ways until neither has more; the first error of either.
error converse(tls_session& a, tls_session& b) {
  if (auto failed = a.advance())
    return failed;
  for (;;) {
    const auto from_a = a.take_output();
    const auto from_b = b.take_output();
    if (from_a.empty() && from_b.empty())
      return {};
    auto failed = b.receive(from_a);
    if (auto other = a.receive(from_b); !failed)
      failed = other;
    if (failed)
      return failed;
  }
}

std::string all_from(tls_session& s) {
  std::string out;
  std::array<std::uint8_t, 1000> piece;
  for (auto got = s.read(piece); got && *got > 0; got = s.read(piece))
    out.append(reinterpret_cast<const char*>(piece.data()), *got);
  return out;
}

struct world {
  identity root = authority("root");
  identity server = issued(root, "server", "DNS:broker.example,IP:127.0.0.1");
  identity client = issued(root, "client", "");
  identity stranger_root = authority("another root");
  identity stranger = issued(stranger_root, "stranger", "DNS:broker.example");

  static tls_material of(const identity& who, const identity& trusts) {
    return {.key = who.key, .certificates = who.certificate, .trusted = trusts.certificate};
  }
};

/// How a handshake between these two ends, as a sentence; empty: well.
std::string outcome(const std::shared_ptr<const tls_context>& server, const std::shared_ptr<const tls_context>& client,
                    const std::string& host) {
  auto s = tls_session::server(server);
  auto c = tls_session::client(client, host);
  const auto failed = converse(c, s);
  if (!failed)
    BOOST_TEST((s.is_established() && c.is_established()));
  return failed ? render(failed) : "";
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_CASE(two_ends_that_trust_each_other_exchange_bytes) {
  const world w;
  for (const bool newest : {true, false}) {
    const tls_rules rules{client_certificate::required, true, true, newest};
    auto server = tls_session::server(context(w.of(w.server, w.root), rules));
    auto client = tls_session::client(context(w.of(w.client, w.root), rules), "broker.example");
    BOOST_TEST(!converse(client, server));
    const std::string question(100'000, 'q'), answer(50'000, 'a');
    BOOST_TEST(!client.write(as_bytes(question)));
    BOOST_TEST(!server.write(as_bytes(answer)));
    BOOST_TEST(!converse(client, server));
    BOOST_TEST((all_from(server) == question));
    BOOST_TEST((all_from(client) == answer));
    client.finish();
    BOOST_TEST(!converse(client, server));
    BOOST_TEST(all_from(server).empty());
    BOOST_TEST(server.is_over());
  }
}

BOOST_AUTO_TEST_CASE(a_server_is_believed_only_under_its_own_name_and_by_a_trusted_authority) {
  const world w;
  const auto server = context(w.of(w.server, w.root));
  const auto client = context({.trusted = w.root.certificate});
  BOOST_TEST(outcome(server, client, "broker.example") == "");
  BOOST_TEST(outcome(server, client, "127.0.0.1") == "");
  BOOST_TEST(has(outcome(server, client, "other.example"), "ostname mismatch"));
  BOOST_TEST(has(outcome(server, client, "127.0.0.2"), "IP address mismatch"));
  BOOST_TEST(outcome(server, context({.trusted = w.root.certificate}, {.check_host = false}), "127.0.0.2") == "");
  BOOST_TEST(has(outcome(context(w.of(w.stranger, w.root)), client, "broker.example"), "certificate verify failed"));
}

BOOST_AUTO_TEST_CASE(a_server_that_asks_for_certificates_refuses_clients_without_and_strangers) {
  const world w;
  const auto server = context(w.of(w.server, w.root), {.from_client = client_certificate::required});
  BOOST_TEST(outcome(server, context(w.of(w.client, w.root)), "broker.example") == "");
  BOOST_TEST(has(outcome(server, context({.trusted = w.root.certificate}), "broker.example"), "certificate"));
  BOOST_TEST(has(outcome(server, context(w.of(w.stranger, w.root)), "broker.example"), "certificate verify failed"));
  const auto polite = context(w.of(w.server, w.root), {.from_client = client_certificate::requested});
  BOOST_TEST(outcome(polite, context({.trusted = w.root.certificate}), "broker.example") == "");
  BOOST_TEST(has(outcome(polite, context(w.of(w.stranger, w.root)), "broker.example"), "certificate verify failed"));
}

BOOST_AUTO_TEST_CASE(bytes_of_another_protocol_or_altered_ones_end_the_session) {
  const world w;
  auto server = tls_session::server(context(w.of(w.server, w.root)));
  BOOST_TEST(!!server.receive(as_bytes(std::string("\0\0\0\x10 a Kafka request", 20))));
  auto other = tls_session::server(context(w.of(w.server, w.root)));
  auto client = tls_session::client(context({.trusted = w.root.certificate}), "broker.example");
  BOOST_REQUIRE(!converse(client, other));
  BOOST_TEST(!client.write(as_bytes("money")));
  const auto sent = client.take_output();
  std::vector<std::uint8_t> altered(sent.data(), sent.data() + sent.size());
  altered.back() ^= 1;
  BOOST_TEST(!other.receive(altered));
  std::array<std::uint8_t, 100> into;
  BOOST_TEST(!other.read(into));
}

BOOST_AUTO_TEST_CASE(old_versions_are_refused_and_of_those_offered_the_ends_must_share_one) {
  const world w;
  const auto only_1_2 = context(w.of(w.server, w.root), {.allow_1_3 = false});
  const auto only_1_3 = context({.trusted = w.root.certificate}, {.allow_1_2 = false});
  BOOST_TEST(outcome(only_1_2, only_1_3, "broker.example") != "");
}

BOOST_AUTO_TEST_CASE(keys_and_certificates_of_no_use_are_refused_by_name) {
  const world w;
  const auto sealed = net_test::pkcs12(w.server, "secret");
  const auto pem = [](const identity& key_of, const identity& certificate_of, const std::string& trusted = {}) {
    return tls_material{.key = key_of.key, .certificates = certificate_of.certificate, .trusted = trusted};
  };
  BOOST_TEST(complaint({.key = sealed, .key_container_password = "secret", .trusted = w.root.certificate}) == "");
  BOOST_TEST(has(complaint({.key = sealed, .key_container_password = "guess"}), "is the password right?"));
  BOOST_TEST(has(complaint({.key = "\xfe\xed\xfe\xed java"}), "Java keystore"));
  BOOST_TEST(has(complaint({.key = "nonsense"}), "neither PEM text nor PKCS12"));
  BOOST_TEST(has(complaint(pem(w.server, w.client)), "does not belong to the certificate"));
  BOOST_TEST(has(complaint({.key = w.server.certificate}), "no readable private key"));
  BOOST_TEST(has(complaint({.key = w.server.key}), "no certificate"));
  BOOST_TEST(has(complaint(pem(w.server, w.server, "-----BEGIN nothing")), "truststore"));
  BOOST_TEST(has(complaint(pem(w.server, w.server), {.from_client = client_certificate::required}), "no truststore"));
}
