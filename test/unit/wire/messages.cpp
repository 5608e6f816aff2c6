// wire<T>: building, sharing, attachments, text.
#include "runtime/wire/caf.hpp"
#include "runtime/wire/text.hpp"
#include "schema/wire_tests.capnp.h"

#include <boost/test/unit_test.hpp>
#include <caf/make_message.hpp>
#include <caf/message.hpp>

#include <string>
#include <thread>
#include <vector>

using troupe::byte_slice;
using troupe::wire;
using troupe::wire_builder;
using troupe::schema::tests::Letter;
using troupe::schema::tests::Number;

namespace {

std::string text_of(const troupe::chunk& c) {
  const auto* bytes = std::get_if<byte_slice>(&c);
  return bytes ? std::string{troupe::as_text(*bytes)} : "a file region";
}

byte_slice slice_of(const std::string& text) {
  return byte_slice::copy_of(troupe::as_bytes(text));
}

wire<Letter> letter(std::int64_t id, const std::string& subject, int line_count) {
  wire_builder<Letter> b;
  b->setId(id);
  b->setSubject(subject);
  auto lines = b->initLines(static_cast<unsigned>(line_count));
  for (unsigned i = 0; i < lines.size(); ++i)
    lines.set(i, "line " + std::to_string(i));
  return std::move(b).freeze();
}

}  // namespace

BOOST_AUTO_TEST_CASE(what_was_built_is_read_and_copies_share_it) {
  const auto m = letter(7, "hello", 2);
  const auto copy = m;
  BOOST_TEST(copy.is_same(m));
  BOOST_TEST(copy->getId() == 7);
  BOOST_TEST(std::string{copy->getSubject().cStr()} == "hello");
  BOOST_TEST(copy->getLines().size() == 2u);
  BOOST_TEST(copy->getAnswer().isNone());
}

BOOST_AUTO_TEST_CASE(an_empty_wire_reads_as_defaults) {
  const wire<Letter> none;
  BOOST_TEST(!none);
  BOOST_TEST(none->getId() == 0);
  BOOST_TEST(none->getBody() == 0xffffffffu);
  BOOST_TEST(none->getLines().size() == 0u);
  BOOST_TEST(none.attachment_count() == 0u);
  BOOST_TEST(text_of(none.attachment(0)).empty());
  BOOST_TEST(none.to_bytes().empty());
}

BOOST_AUTO_TEST_CASE(a_message_that_outgrows_its_first_segment_ends_up_in_one) {
  const auto m = letter(1, std::string(5000, 'x'), 500);
  BOOST_TEST(m->getSubject().size() == 5000u);
  BOOST_TEST(std::string{m->getLines()[499].cStr()} == "line 499");
  auto back = wire<Letter>::from_bytes(m.to_bytes());
  BOOST_REQUIRE(back);
  BOOST_TEST(troupe::to_text(*back) == troupe::to_text(m));
}

BOOST_AUTO_TEST_CASE(attachments_keep_their_order_and_an_index_without_one_is_empty) {
  wire_builder<Letter> b;
  const auto first = b.attach(slice_of("one"));
  const auto second = b.attach(slice_of("two"));
  b->setBody(second);
  b->initLines(400).set(399, std::string(100, 'y'));  // moves to another block at the end
  const auto m = std::move(b).freeze();
  BOOST_TEST(first == 0u);
  BOOST_TEST(m.attachment_count() == 2u);
  BOOST_TEST(text_of(m.attachment(0)) == "one");
  BOOST_TEST(text_of(m.attachment(m->getBody())) == "two");
  BOOST_TEST(text_of(m.attachment(2)).empty());
  BOOST_TEST(text_of(m.attachment(0xffffffff)).empty());
}

BOOST_AUTO_TEST_CASE(the_owner_of_an_attachment_lives_as_long_as_the_message) {
  auto owner = std::make_shared<const std::string>("bulk");
  std::weak_ptr<const std::string> watched = owner;
  {
    wire_builder<Number> b;
    b.attach(byte_slice{owner, troupe::as_bytes(*owner)});
    const auto m = std::move(b).freeze();
    owner.reset();
    BOOST_TEST(!watched.expired());
  }
  BOOST_TEST(watched.expired());
}

BOOST_AUTO_TEST_CASE(an_unfinished_builder_leaves_nothing_behind) {
  auto owner = std::make_shared<const std::string>("bulk");
  std::weak_ptr<const std::string> watched = owner;
  {
    wire_builder<Letter> b;
    b.attach(byte_slice{std::move(owner), {}});
    b->initLines(1000);
  }
  BOOST_TEST(watched.expired());
}

BOOST_AUTO_TEST_CASE(a_part_of_a_message_becomes_a_message_of_its_own) {
  wire_builder<Letter> b;
  b->setId(1);
  auto quote = b->initAnswer().initQuote();
  quote.setId(2);
  quote.setSubject("inner");
  const auto whole = std::move(b).freeze();
  const auto part = wire<Letter>::copy_of(whole->getAnswer().getQuote());
  BOOST_TEST(part->getId() == 2);
  BOOST_TEST(std::string{part->getSubject().cStr()} == "inner");
}

BOOST_AUTO_TEST_CASE(a_struct_without_pointers_takes_exactly_its_words) {
  wire_builder<Number> b;
  b->setValue(-3);
  const auto m = std::move(b).freeze();
  BOOST_TEST(m.to_bytes().size() == 24u);  // segment table, root pointer, one word
  BOOST_TEST(m->getValue() == -3);
}

BOOST_AUTO_TEST_CASE(to_bytes_is_no_copy_and_keeps_the_message) {
  byte_slice bytes;
  {
    const auto m = letter(4, "kept", 1);
    bytes = m.to_bytes();
    BOOST_TEST(bytes.data() == m.to_bytes().data());
  }
  auto back = wire<Letter>::from_bytes(bytes);
  BOOST_REQUIRE(back);
  BOOST_TEST(back->operator->()->getId() == 4);
}

BOOST_AUTO_TEST_CASE(text_tells_fields_and_the_sizes_of_attachments) {
  BOOST_TEST(troupe::to_text(letter(7, "hi", 1))
             == "(id = 7, subject = \"hi\", lines = [\"line 0\"], body = 4294967295, answer = (none = void))");
  wire_builder<Number> b;
  b->setValue(5);
  b.attach(slice_of("12345"));
  b.attach(slice_of("1"));
  const auto m = std::move(b).freeze();
  BOOST_TEST(troupe::to_text(m) == "(value = 5) with attachments of 5, 1 bytes");
  BOOST_TEST(troupe::to_text(*m) == "(value = 5)");
}

BOOST_AUTO_TEST_CASE(a_wire_is_an_element_of_a_caf_message) {
  const auto m = letter(9, "sent", 0);
  const auto message = caf::make_message(m);
  BOOST_TEST(message.match_elements<wire<Letter>>());
  BOOST_TEST(message.get_as<wire<Letter>>(0).is_same(m));
}

BOOST_AUTO_TEST_CASE(threads_share_one_message) {
  const auto m = letter(3, "shared", 50);
  std::vector<std::thread> readers;
  std::vector<std::size_t> sums(4);
  for (std::size_t t = 0; t < sums.size(); ++t)
    readers.emplace_back([m, &sum = sums[t]] {
      for (int i = 0; i < 200; ++i) {
        auto own = m;
        for (auto line : own->getLines())
          sum += line.size();
      }
    });
  for (auto& r : readers)
    r.join();
  for (auto sum : sums)
    BOOST_TEST(sum == sums[0]);
}
