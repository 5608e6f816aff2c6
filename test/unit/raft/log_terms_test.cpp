// The terms of a log, against a list of them.
#include "runtime/raft/log_terms.hpp"
#include "runtime/sim/prng.hpp"

#include <boost/test/unit_test.hpp>

#include <stdexcept>

using namespace troupe;
using namespace troupe::raft;

namespace {

log_terms log_of(const std::vector<std::int64_t>& terms) {
  log_terms out;
  for (const auto t : terms)
    out.append(t);
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_log_ends_with_a_later_term_or_further) {
  BOOST_TEST(is_as_new({3, 2}, {3, 2}));
  BOOST_TEST(is_as_new({4, 2}, {3, 2}));
  BOOST_TEST(is_as_new({1, 3}, {9, 2}));
  BOOST_TEST(!is_as_new({3, 2}, {4, 2}));
  BOOST_TEST(!is_as_new({9, 2}, {1, 3}));
}

BOOST_AUTO_TEST_CASE(the_newest_entry_not_above_another_is_found_term_by_term) {
  const auto log = log_of({1, 1, 1, 4, 4, 5, 6, 6});
  BOOST_TEST((log.newest_not_above({9, 9}) == entry_id{8, 6}));
  BOOST_TEST((log.newest_not_above({6, 4}) == entry_id{5, 4}));
  BOOST_TEST((log.newest_not_above({8, 3}) == entry_id{3, 1}));
  BOOST_TEST((log.newest_not_above({2, 4}) == entry_id{2, 1}));
  BOOST_TEST((log.newest_not_above({5, 0}) == entry_id{0, 0}));
  auto compacted = log;
  compacted.compact_to(4);
  BOOST_TEST((compacted.newest_not_above({6, 4}) == entry_id{5, 4}));
  BOOST_TEST((compacted.newest_not_above({4, 4}) == entry_id{4, 4}));
  BOOST_TEST(!compacted.newest_not_above({3, 4}));
  BOOST_TEST(!compacted.newest_not_above({8, 3}));
}

BOOST_AUTO_TEST_CASE(terms_never_go_back_and_what_is_gone_is_not_cut) {
  auto log = log_of({2, 2});
  BOOST_CHECK_THROW(log.append(1), std::logic_error);
  log.compact_to(1);
  BOOST_CHECK_THROW(log.truncate_from(1), std::logic_error);
  BOOST_CHECK_THROW(log.compact_to(3), std::logic_error);
}

BOOST_AUTO_TEST_CASE(a_log_of_runs_is_a_log_of_entries) {
  sim::prng random{1};
  for (int round = 0; round < 200; ++round) {
    log_terms log;
    std::vector<std::int64_t> terms{0};  // by index
    std::int64_t base = 0;
    for (int step = 0; step < 60; ++step) {
      const auto last = static_cast<std::int64_t>(terms.size()) - 1;
      const auto what = random.below(10);
      if (what < 7) {
        terms.push_back(terms.back() + (random.below(3) == 0));
        log.append(terms.back());
      } else if (what < 9 && last > base) {
        const auto from = base + 1 + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(last - base)));
        terms.resize(static_cast<std::size_t>(from));
        log.truncate_from(from);
      } else {
        base += static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(last - base + 1)));
        log.compact_to(base);
      }
      BOOST_REQUIRE_EQUAL(log.base().index, base);
      BOOST_REQUIRE_EQUAL(log.last().index, static_cast<std::int64_t>(terms.size()) - 1);
      BOOST_REQUIRE_EQUAL(log.last().term, terms.back());
      for (std::int64_t i = base; i < static_cast<std::int64_t>(terms.size()); ++i)
        BOOST_REQUIRE_EQUAL(log.term_at(i).value(), terms[static_cast<std::size_t>(i)]);
      BOOST_REQUIRE(!log.term_at(base - 1));
      BOOST_REQUIRE(!log.term_at(static_cast<std::int64_t>(terms.size())));
    }
  }
}
