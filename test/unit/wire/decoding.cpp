// wire<T>::from_bytes: what comes from peers and disks is believed only after a look at all of it.
#include "runtime/wire/builder.hpp"
#include "runtime/wire/text.hpp"
#include "schema/wire_tests.capnp.h"

#include <boost/test/unit_test.hpp>
#include <capnp/serialize.h>

#include <cstring>
#include <random>
#include <string>
#include <vector>

using troupe::bytes_view;
using troupe::wire;
using troupe::wire_builder;
using troupe::wire_errc;
using troupe::schema::tests::Grid;
using troupe::schema::tests::Letter;
using troupe::schema::tests::NewerLetter;
using troupe::schema::tests::Number;
using troupe::schema::tests::Twisted;

namespace {

using buffer = std::vector<std::uint8_t>;

template <class T>
buffer bytes_of(const wire<T>& m) {
  const auto flat = m.to_bytes();
  return {flat.data(), flat.data() + flat.size()};
}

wire<Letter> letter() {
  wire_builder<Letter> b;
  b->setId(7);
  b->setSubject("hello");
  auto lines = b->initLines(2);
  lines.set(0, "a");
  lines.set(1, "bb");
  b->initAnswer().initQuote().setSubject("inner");
  return std::move(b).freeze();
}

template <class T>
std::string refusal(bytes_view bytes, const troupe::wire_limits& limits = {}) {
  auto m = wire<T>::from_bytes(bytes, limits);
  return m ? "accepted" : troupe::render(m.error());
}

/// True when `bytes` are accepted, and then every field of them is read.
template <class T>
bool read_whole(bytes_view bytes) {
  auto m = wire<T>::from_bytes(bytes);
  if (m)
    BOOST_REQUIRE_NO_THROW(troupe::to_text(*m));
  return static_cast<bool>(m);
}

bool is(const troupe::error& e, wire_errc code) {
  return troupe::is_error(e, troupe::error_domain::wire, static_cast<std::uint8_t>(code));
}

wire<Letter> nested(int depth) {
  wire_builder<Letter> b;
  auto at = *b;
  for (int i = 0; i < depth; ++i)
    at = at.initAnswer().initQuote();
  return std::move(b).freeze();
}

}  // namespace

BOOST_AUTO_TEST_CASE(bytes_become_the_same_message_wherever_they_lie) {
  const auto original = bytes_of(letter());
  for (std::size_t shift = 0; shift < 8; ++shift) {
    buffer moved(original.size() + shift);
    std::memcpy(moved.data() + shift, original.data(), original.size());
    auto back = wire<Letter>::from_bytes(bytes_view{moved}.subspan(shift));
    BOOST_REQUIRE(back);
    BOOST_TEST(troupe::to_text(*back) == troupe::to_text(letter()));
  }
}

BOOST_AUTO_TEST_CASE(attachments_come_along) {
  auto m = wire<Letter>::from_bytes(bytes_of(letter()), {}, {troupe::byte_slice::copy_of(troupe::as_bytes("bulk"))});
  BOOST_REQUIRE(m);
  BOOST_TEST(troupe::size_of(m->attachment(0)) == 4u);
}

BOOST_AUTO_TEST_CASE(several_segments_are_understood) {
  capnp::MallocMessageBuilder many{1, capnp::AllocationStrategy::FIXED_SIZE};
  auto root = many.initRoot<Letter>();
  root.setSubject("far away");
  root.initLines(3).set(2, "further");
  const auto words = capnp::messageToFlatArray(many);
  BOOST_REQUIRE(many.getSegmentsForOutput().size() > 1);
  auto m = wire<Letter>::from_bytes({words.asBytes().begin(), words.asBytes().size()});
  BOOST_REQUIRE(m);
  BOOST_TEST(std::string{(*m)->getLines()[2].cStr()} == "further");
  BOOST_TEST(bytes_of(*m)[0] == 0);  // one segment from now on
}

BOOST_AUTO_TEST_CASE(a_message_cut_anywhere_is_refused) {
  const auto whole = bytes_of(letter());
  for (std::size_t size = 0; size < whole.size(); ++size)
    BOOST_TEST(refusal<Letter>(bytes_view{whole}.first(size)) != "accepted", size);
}

BOOST_AUTO_TEST_CASE(bytes_behind_the_message_are_refused) {
  auto longer = bytes_of(letter());
  longer.resize(longer.size() + 8);
  BOOST_TEST(refusal<Letter>(longer).find("not a valid Letter") == 0u);
}

BOOST_AUTO_TEST_CASE(no_flipped_bit_makes_reading_fail) {
  const auto whole = bytes_of(letter());
  int accepted = 0;
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    auto damaged = whole;
    damaged[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
    auto m = wire<Letter>::from_bytes(damaged);
    if (!m) {
      BOOST_TEST(is(m.error(), wire_errc::malformed));
      continue;
    }
    ++accepted;  // other values, but whole: every field can be read
    BOOST_CHECK_NO_THROW(troupe::to_text(*m));
    for (auto line : (*m)->getLines())
      BOOST_TEST(line.size() < whole.size());
  }
  BOOST_TEST(accepted > 0);
}

BOOST_AUTO_TEST_CASE(no_mixture_of_damages_makes_reading_fail) {
  wire_builder<Grid> grid;
  auto rows = grid->initRows(2);
  rows.init(0, 2).set(1, "text");
  rows.init(1, 1).set(0, "more");
  grid->initCounts(1).init(0, 3).set(2, 5);
  const auto grid_bytes = bytes_of(std::move(grid).freeze());
  const auto letter_bytes = bytes_of(letter());
  std::mt19937 random{42};
  int accepted = 0;
  for (int i = 0; i < 40'000; ++i) {
    auto damaged = i % 2 ? grid_bytes : letter_bytes;
    for (auto n = 1 + random() % 4; n > 0; --n)
      damaged[8 + random() % (damaged.size() - 8)] = static_cast<std::uint8_t>(random() % 3 ? random() % 24 : random());
    if (i % 2)
      accepted += read_whole<Grid>(damaged);
    else
      accepted += read_whole<Letter>(damaged);
  }
  BOOST_TEST(accepted > 1000);
  BOOST_TEST(accepted < 39'000);
}

BOOST_AUTO_TEST_CASE(a_pointer_to_the_wrong_kind_of_thing_is_refused) {
  wire_builder<Twisted> b;
  b->initSubject(1)[0].setId(3);
  BOOST_TEST(refusal<Letter>(bytes_of(std::move(b).freeze())).find("not a valid Letter") == 0u);
  wire_builder<Twisted> c;
  c->setLines("a text where a list of texts is due");
  BOOST_TEST(refusal<Letter>(bytes_of(std::move(c).freeze())).find("not a valid Letter") == 0u);
}

BOOST_AUTO_TEST_CASE(too_many_bytes_are_refused_before_a_look) {
  auto m = wire<Letter>::from_bytes(bytes_of(letter()), {.bytes_max = 64});
  BOOST_REQUIRE(!m);
  BOOST_TEST(is(m.error(), wire_errc::too_large));
}

BOOST_AUTO_TEST_CASE(nesting_has_a_limit) {
  BOOST_TEST(refusal<Letter>(bytes_of(nested(20))) == "accepted");
  BOOST_TEST(refusal<Letter>(bytes_of(nested(40))) != "accepted");
  BOOST_TEST(refusal<Letter>(bytes_of(nested(40)), {.nesting_max = 64}) == "accepted");
}

BOOST_AUTO_TEST_CASE(one_object_under_many_pointers_does_not_multiply_without_end) {
  // A list of 1,000 texts whose pointers all lead to the same 8,000 bytes.
  wire_builder<Letter> b;
  auto lines = b->initLines(1000);
  lines.set(0, std::string(7999, 'x'));
  const auto m = std::move(b).freeze();
  auto bytes = bytes_of(m);
  const auto first_pointer = [&] {
    for (std::size_t at = 8; at + 8 <= bytes.size(); at += 8) {
      std::uint64_t word;
      std::memcpy(&word, bytes.data() + at, 8);
      if (word >> 32 == ((8000u << 3) | 2))  // a list of 8,000 bytes
        return at;
    }
    return std::size_t{0};
  }();
  BOOST_REQUIRE(first_pointer > 0u);
  for (std::size_t i = 1; i < 1000; ++i) {
    std::uint64_t word;
    std::memcpy(&word, bytes.data() + first_pointer, 8);
    word -= i << 2;  // the same place, seen from i words further on
    std::memcpy(bytes.data() + first_pointer + 8 * i, &word, 8);
  }
  BOOST_TEST(refusal<Letter>(bytes).find("not a valid Letter") == 0u);
}

BOOST_AUTO_TEST_CASE(a_newer_message_is_read_and_what_is_not_known_is_kept) {
  wire_builder<NewerLetter> b;
  b->setId(1);
  b->setUrgent(true);
  b->initTags(1).set(0, "later");
  b->initAnswer().setForward("to somebody");
  auto older = wire<Letter>::from_bytes(bytes_of(std::move(b).freeze()));
  BOOST_REQUIRE(older);
  BOOST_TEST((*older)->getId() == 1);
  BOOST_TEST(static_cast<int>((*older)->getAnswer().which()) == 2);  // a choice it does not know
  auto newer = wire<NewerLetter>::from_bytes(older->to_bytes());
  BOOST_REQUIRE(newer);
  BOOST_TEST((*newer)->getUrgent());
  BOOST_TEST(std::string{(*newer)->getTags()[0].cStr()} == "later");
}

BOOST_AUTO_TEST_CASE(an_older_message_has_defaults_for_what_is_new) {
  auto newer = wire<NewerLetter>::from_bytes(bytes_of(letter()));
  BOOST_REQUIRE(newer);
  BOOST_TEST(!(*newer)->getUrgent());
  BOOST_TEST((*newer)->getTags().size() == 0u);
  BOOST_TEST(std::string{(*newer)->getAnswer().getQuote().getSubject().cStr()} == "inner");
}
