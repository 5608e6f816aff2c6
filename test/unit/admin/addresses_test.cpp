#include "tools/admin/address.hpp"
#include "tools/admin/table.hpp"

#include <boost/test/unit_test.hpp>

using namespace troupe;
using namespace troupe::tools;

BOOST_AUTO_TEST_CASE(addresses_are_read_with_all_kinds_of_hosts) {
  const auto all = parse_addresses("127.0.0.1:9092, broker.example:1,[::1]:65535", "--bootstrap");
  BOOST_REQUIRE(all);
  BOOST_REQUIRE(all->size() == 3);
  BOOST_TEST(all->at(1).host == "broker.example");
  BOOST_TEST(all->at(2).host == "::1");
  BOOST_TEST(all->at(2).port == 65535);
}

BOOST_AUTO_TEST_CASE(what_is_no_address_is_refused_by_name) {
  for (const auto* text : {"", ",", "host", "host:", ":9092", "host:0", "host:65536", "host:9o92", "::1:9092"}) {
    const auto all = parse_addresses(text, "--bootstrap");
    BOOST_TEST(!all, text);
    if (!all)
      BOOST_TEST(render(all.error()).starts_with("--bootstrap: "));
  }
}

BOOST_AUTO_TEST_CASE(tables_put_numbers_to_the_right_and_words_to_the_left) {
  table t{{"topic", "partitions"}};
  t.add({"a", "1"});
  t.add({"lines", "12"});
  BOOST_TEST(t.text(1) == " topic  partitions\n a               1\n lines          12\n");
}

BOOST_AUTO_TEST_CASE(empty_lists_are_a_dash) {
  BOOST_TEST(to_list({}) == "-");
  BOOST_TEST(to_list({3, 1}) == "3,1");
}
