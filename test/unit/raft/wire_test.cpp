// What members say to each other, on its way through schema/raft.capnp; and what is refused there.
#include "runtime/metadata/entry_codec.hpp"
#include "runtime/metadata/record_builders.hpp"
#include "runtime/raft/bounds.hpp"
#include "runtime/raft/wire.hpp"
#include "runtime/wire/text.hpp"
#include "world.hpp"

#include <boost/test/unit_test.hpp>

using namespace troupe;
using namespace troupe::raft;
using troupe::metadata::entry;

namespace {

member member_of(std::int32_t node) {
  member out{node_id{node}, {}};
  out.directory.value.bytes[3] = static_cast<std::uint8_t>(node + 100);
  return out;
}

message from_1_to_2(decltype(message::body) body) {
  return {member_of(1), member_of(2), 7, std::move(body)};
}

/// `m` after its way over the wire.
message sent(const message& m) {
  message out;
  encode_and(m, [&](const auto& w) {
    auto copy = std::decay_t<decltype(w)>::from_bytes(w.to_bytes());
    BOOST_REQUIRE(copy);
    const auto decoded = decode(*copy);
    BOOST_REQUIRE(decoded);
    out = *decoded;
  });
  BOOST_TEST((out.from == m.from));
  BOOST_TEST((out.to == m.to));
  BOOST_TEST(out.term == m.term);
  return out;
}

template <class Body>
Body sent_body(const Body& body) {
  return std::get<Body>(sent(from_1_to_2(body)).body);
}

std::optional<voter_set> no_voters(const metadata::records&) {
  return std::nullopt;
}

std::vector<entry> entries(std::int64_t first, std::vector<std::int64_t> terms) {
  std::vector<entry> out;
  for (const auto term : terms)
    out.push_back({{first++, term}, {metadata::cluster_config_record("key", "value")}});
  return out;
}

byte_slice encoded(const std::vector<entry>& all) {
  auto bytes = metadata::encode_entries(all);
  BOOST_REQUIRE(bytes);
  return byte_slice::adopt(std::move(*bytes));
}

/// The refusal of an append request after `prev`; empty: it is taken.
std::string refusal_of(entry_id prev, byte_slice bytes, const voters_of& voters = no_voters) {
  const append_request body{prev, {}, 1, 1};
  const auto out = decode(encode(from_1_to_2(body), body, std::move(bytes)), voters);
  return out ? "" : render(out.error());
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_CASE(messages_arrive_as_they_were) {
  const auto ask = sent_body(vote_request{true, true, {5, 3}, 9});
  BOOST_TEST(ask.pre);
  BOOST_TEST(ask.handed_over);
  BOOST_TEST((ask.last == entry_id{5, 3}));
  BOOST_TEST(ask.round == 9);
  const auto vote = sent_body(vote_reply{true, true, 9, member_of(3)});
  BOOST_TEST(vote.pre);
  BOOST_TEST(vote.granted);
  BOOST_TEST(vote.round == 9);
  BOOST_TEST((vote.leader == member_of(3)));
  const auto reply = sent_body(append_reply{true, 8, {6, 2}, 11});
  BOOST_TEST(reply.accepted);
  BOOST_TEST(reply.match == 8);
  BOOST_TEST((reply.hint == entry_id{6, 2}));
  BOOST_TEST(reply.number == 11);
  const auto piece = sent_body(snapshot_reply{{8, 2}, 100, 12});
  BOOST_TEST((piece.at == entry_id{8, 2}));
  BOOST_TEST(piece.next_offset == 100);
  BOOST_TEST(piece.number == 12);
  BOOST_TEST((sent_body(subscribe_request{{4, 2}}).last == entry_id{4, 2}));
  BOOST_TEST((sent_body(subscribe_reply{member_of(3)}).leader == member_of(3)));
  BOOST_TEST((sent_body(subscribe_reply{}).leader == nobody));
  sent(from_1_to_2(timeout_now{}));
}

BOOST_AUTO_TEST_CASE(entries_arrive_with_what_a_log_must_know_of_them) {
  const append_request body{{4, 2}, {}, 3, 5};
  const auto all = entries(5, {2, 3, 7});
  int asked = 0;
  const auto voters = [&](const metadata::records& r) -> std::optional<voter_set> {
    BOOST_TEST(r.size() == 1u);
    return ++asked == 2 ? std::optional<voter_set>{{{member_of(1), "one", 9093}}} : std::nullopt;
  };
  const auto out = decode(encode(from_1_to_2(body), body, encoded(all)), voters);
  BOOST_REQUIRE(out);
  const auto& got = std::get<append_request>(out->message.body);
  BOOST_TEST((got.prev == entry_id{4, 2}));
  BOOST_TEST(got.commit == 3);
  BOOST_TEST(got.number == 5);
  BOOST_REQUIRE(got.entries.size() == 3u);
  BOOST_TEST(got.entries[2].term == 7);
  BOOST_TEST(!got.entries[0].voters);
  BOOST_TEST(got.entries[1].voters->at(0).host == "one");
  BOOST_REQUIRE(out->entries.size() == 3u);
  BOOST_TEST((out->entries[1].at == entry_id{6, 3}));
  BOOST_TEST(to_text(*out->entries[1].records.at(0)) == to_text(*all[1].records.at(0)));
}

BOOST_AUTO_TEST_CASE(a_sign_of_life_has_no_entries) {
  const append_request body{{4, 2}, {}, 3, 5};
  const auto out = decode(encode(from_1_to_2(body), body, {}), no_voters);
  BOOST_REQUIRE(out);
  BOOST_TEST(out->entries.empty());
}

BOOST_AUTO_TEST_CASE(a_piece_arrives_with_its_size) {
  const snapshot_request body{{9, 3}, 20, 0, true, 4};
  const auto out = decode(encode(from_1_to_2(body), body, byte_slice::copy_of(as_bytes("piece"))));
  BOOST_REQUIRE(out);
  const auto& got = std::get<snapshot_request>(out->message.body);
  BOOST_TEST((got.at == entry_id{9, 3}));
  BOOST_TEST(got.offset == 20);
  BOOST_TEST(got.size == 5);
  BOOST_TEST(got.last);
  BOOST_TEST(got.number == 4);
  BOOST_TEST(as_text(out->piece) == "piece");
  auto empty = body;
  empty.last = false;
  BOOST_TEST(!decode(encode(from_1_to_2(empty), empty, {})));
}

BOOST_AUTO_TEST_CASE(entries_that_do_not_follow_are_refused) {
  BOOST_TEST(refusal_of({4, 2}, encoded(entries(5, {2, 7}))) == "");
  BOOST_TEST(has(refusal_of({4, 2}, encoded(entries(6, {2}))), "do not follow entry 4"));
  BOOST_TEST(has(refusal_of({4, 2}, encoded(entries(5, {1}))), "do not follow entry 4"));
  BOOST_TEST(has(refusal_of({4, 2}, encoded(entries(5, {8}))), "do not follow entry 4"));
  BOOST_TEST(has(refusal_of({-1, 2}, {}), "negative"));
  auto bytes = encoded(entries(5, {2}));
  BOOST_TEST(has(refusal_of({4, 2}, bytes.sub(0, bytes.size() - 8)), "no whole entry"));
}

BOOST_AUTO_TEST_CASE(limits_of_a_message_are_kept) {
  const std::vector<std::int64_t> terms(bounds::raft_entries_per_append_max + 1, 2);
  BOOST_TEST(has(refusal_of({4, 2}, encoded(entries(5, terms))), "more entries"));
  const auto no_voter = [](const metadata::records&) { return std::optional<voter_set>{voter_set{}}; };
  BOOST_TEST(has(refusal_of({4, 2}, encoded(entries(5, {2})), no_voter), "0 voters"));
  const auto too_many = [](const metadata::records&) {
    return std::optional<voter_set>{voter_set(bounds::raft_voters_max + 1)};
  };
  BOOST_TEST(has(refusal_of({4, 2}, encoded(entries(5, {2})), too_many), "16 voters"));
  auto m = from_1_to_2(timeout_now{});
  m.term = bounds::raft_term_max + 1;
  BOOST_TEST(!decode(encode(m, timeout_now{})));
  m.term = 1;
  m.from.node = node_id{-1};
  BOOST_TEST(!decode(encode(m, timeout_now{})));
}
