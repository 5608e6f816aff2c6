#include "tools/admin/quorum.hpp"

#include <boost/test/unit_test.hpp>

using namespace troupe;
using namespace troupe::tools;

namespace {

/// A quorum in term 1 that node 1 leads, with voters 1, 2, … whose logs end there.
quorum_state with_ends(const std::vector<std::int64_t>& ends, std::int64_t high_watermark) {
  quorum_state out{1, 1, high_watermark, {}, {}, {}};
  for (std::size_t i = 0; i < ends.size(); ++i)
    out.voters.push_back({static_cast<std::int32_t>(i + 1), "", ends[i], -1});
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_quorum_is_ready_once_all_have_what_the_first_look_saw) {
  quorum_watch watch{3};
  BOOST_TEST(!watch.look(with_ends({10, 10, 10}, 10)));  // the change that made the third a voter may be the last entry
  BOOST_TEST(!watch.look(with_ends({12, 12, 9}, 12)));
  BOOST_TEST(!watch.look(with_ends({12, 12, 10}, 9)));
  BOOST_TEST(watch.look(with_ends({15, 11, 10}, 11)));
}

BOOST_AUTO_TEST_CASE(too_few_voters_are_not_ready_and_begin_the_wait_anew) {
  quorum_watch watch{3};
  BOOST_TEST(!watch.look(with_ends({10, 10}, 10)));
  BOOST_TEST(!watch.look(with_ends({10, 10}, 10)));
  BOOST_TEST(!watch.look(with_ends({11, 10, 10}, 10)));
  BOOST_TEST(!watch.look(with_ends({11, 11}, 11)));
  BOOST_TEST(!watch.look(with_ends({12, 12, 12}, 12)));
  BOOST_TEST(watch.look(with_ends({12, 12, 12}, 12)));
}

BOOST_AUTO_TEST_CASE(another_term_begins_the_wait_anew) {
  quorum_watch watch{1};
  BOOST_TEST(!watch.look(with_ends({10}, 10)));
  auto next = with_ends({11}, 11);
  next.term = 2;
  BOOST_TEST(!watch.look(next));
  BOOST_TEST(watch.look(next));
}

BOOST_AUTO_TEST_CASE(a_voter_that_is_gone_does_not_count) {
  quorum_watch watch{3};
  const auto four = with_ends({10, 10, 10, -1}, 10);
  watch.look(four);
  BOOST_TEST(!watch.look(four));  // two of four are no majority
  const auto all = with_ends({10, 10, 10, 10}, 10);
  BOOST_TEST(watch.look(all));
}

BOOST_AUTO_TEST_CASE(a_lag_is_known_only_of_those_that_were_heard) {
  const auto q = with_ends({10, 7, -1}, 7);
  BOOST_TEST(*q.lag_of(q.voters[0]) == 0);
  BOOST_TEST(*q.lag_of(q.voters[1]) == 3);
  BOOST_TEST(!q.lag_of(q.voters[2]));
}
