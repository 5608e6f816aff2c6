// What a member opens with, read from a journal.
#include "runtime/raft/opening.hpp"

#include "../metadata/memory_disk.hpp"
#include "runtime/metadata/record_builders.hpp"

#include <boost/test/unit_test.hpp>

using namespace troupe;
using namespace troupe::metadata;

namespace {

std::unique_ptr<journal> opened(disk& on) {
  auto j = journal::open(on, "metadata", {.segment_bytes = 256});
  BOOST_REQUIRE_MESSAGE(j, (j ? std::string{} : render(j.error())));
  return std::move(*j);
}

void append(journal& to, std::int64_t term) {
  const entry e{{to.last().index + 1, term}, {cluster_config_record("key", "value")}};
  BOOST_REQUIRE(!to.append(std::span{&e, 1}));
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_terms_of_a_journal_are_those_of_its_entries) {
  metadata::test::memory_disk on;
  auto j = opened(on);
  BOOST_TEST((raft::terms_of(*j).last() == entry_id{0, 0}));
  for (const std::int64_t term : {1, 1, 2, 2, 2, 5, 5, 5, 5, 6})
    append(*j, term);
  auto terms = raft::terms_of(*j);
  BOOST_TEST((terms.base() == entry_id{0, 0}));
  BOOST_TEST((terms.last() == entry_id{10, 6}));
  BOOST_TEST(terms.term_at(5).value() == 2);
  BOOST_TEST(terms.term_at(6).value() == 5);
  BOOST_REQUIRE(!j->save_snapshot({7, 5}, {}));
  BOOST_REQUIRE(!j->save_snapshot({9, 5}, {}));
  BOOST_REQUIRE(j->first_index() > 1);
  j = opened(on);
  terms = raft::terms_of(*j);
  BOOST_TEST(terms.base().index == j->first_index() - 1);
  BOOST_TEST(terms.term_at(j->first_index() - 1).value() == j->term_at(j->first_index() - 1));
  BOOST_TEST((terms.last() == entry_id{10, 6}));
}
