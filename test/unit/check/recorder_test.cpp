#include "runtime/check/recorder.hpp"
#include "runtime/check/text.hpp"

#include <boost/test/unit_test.hpp>

using namespace troupe;
using check::client_id;
using check::instant;
using check::log_key;
using check::operation_kind;
using check::outcome;
using check::value;

BOOST_AUTO_TEST_CASE(operations_that_overlap_are_kept_apart) {
  check::recorder r;
  const auto first = r.begin(client_id{1}, operation_kind::send, instant{1});
  r.send(first, log_key{0}, value{7});
  const auto second = r.begin(client_id{1}, operation_kind::transaction, instant{2});
  r.send(second, log_key{0}, value{8});
  r.poll(second);
  r.polled(second, log_key{1}, {offset{3}, value{9}});
  r.polled(second, log_key{1}, {offset{4}, value{10}});
  r.polled(second, log_key{0}, {offset{0}, value{1}});
  r.end(second, outcome::ok, instant{5});
  r.acked(first, log_key{0}, value{7}, offset{2});
  r.end(first, outcome::ok, instant{6});
  BOOST_TEST(to_text(r.take()) == "c1 ok 1..6 send p0 7@2\nc1 ok 2..5 txn send p0 8 poll p1 9@3 10@4 p0 1@0\n");
}

BOOST_AUTO_TEST_CASE(what_is_open_at_the_end_may_have_been_done) {
  check::recorder r;
  r.send(r.begin(client_id{1}, operation_kind::send, instant{1}), log_key{0}, value{7});
  BOOST_TEST(r.open_count() == 1u);
  BOOST_TEST(to_text(r.take()) == "c1 info 1.. send p0 7\n");
  BOOST_TEST(r.open_count() == 0u);
  BOOST_TEST(to_text(r.take()).empty());
}

BOOST_AUTO_TEST_CASE(a_crash_leaves_the_client_s_own_operations_open_for_ever) {
  check::recorder r;
  r.send(r.begin(client_id{1}, operation_kind::send, instant{1}), log_key{0}, value{7});
  const auto other = r.begin(client_id{2}, operation_kind::poll, instant{1});
  r.crash(client_id{1}, instant{3});
  r.poll(other);
  r.end(other, outcome::ok, instant{4});
  r.final_reads_begin(instant{5});
  BOOST_TEST(to_text(r.take()) == "final 5\nc1 info 1.. send p0 7\nc2 ok 1..4 poll\nc1 ok 3..3 crash\n");
}
