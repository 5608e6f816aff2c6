#include "runtime/net/reply_order.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace troupe;

namespace {

std::vector<chunk> reply(const std::string& text) { return {byte_slice::copy_of(as_bytes(text))}; }

std::string text_of(const net::reply_order::ready& r) {
  std::string out;
  for (const auto& part : r.parts)
    out += as_text(std::get<byte_slice>(part));
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(replies_leave_in_the_order_of_their_requests) {
  net::reply_order order;
  const auto a = order.open(10), b = order.open(20), c = order.open(30);
  order.fill(c, reply("c"));
  order.fill(b, reply("b"));
  BOOST_TEST(order.take_ready().request_count == 0u);
  order.fill(a, reply("a"));
  const auto ready = order.take_ready();
  BOOST_TEST(text_of(ready) == "abc");
  BOOST_TEST(ready.request_bytes == 60u);
  BOOST_TEST(order.open_count() == 0u);
}

BOOST_AUTO_TEST_CASE(a_request_without_an_answer_does_not_hold_up_the_next) {
  net::reply_order order;
  const auto silent = order.open(1), loud = order.open(1);
  order.fill(loud, reply("x"));
  order.fill(silent, {});
  BOOST_TEST(text_of(order.take_ready()) == "x");
}

BOOST_AUTO_TEST_CASE(answering_twice_is_a_broken_invariant) {
  net::reply_order order;
  const auto a = order.open(1);
  order.open(1);
  order.fill(a, reply("x"));
  BOOST_CHECK_THROW(order.fill(a, reply("y")), std::logic_error);
  order.take_ready();
  BOOST_CHECK_THROW(order.fill(a, reply("y")), std::logic_error);
}
