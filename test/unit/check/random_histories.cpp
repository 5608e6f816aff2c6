// Random histories of a log in memory: when it works nothing is found, and each bug is.
#include "runtime/check/edn.hpp"
#include "runtime/check/judge.hpp"
#include "runtime/check/text.hpp"
#include "test/unit/check/model_log.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

using namespace troupe;
using check::anomaly;
using test::planted;

namespace {

constexpr std::uint64_t seeds_per_bug = 150;
constexpr std::uint64_t sound_seeds = 3000;

workload::list_append_options mix(std::uint64_t seed) {
  workload::list_append_options options;
  options.partition_count = 1 + static_cast<std::int32_t>(seed % 4);
  options.transaction = seed % 3 == 0 ? 0 : 500'000;
  options.sends_max = 1 + seed % 3;
  options.crash = 20'000;
  options.subscribe = seed % 5 == 0;
  return options;
}

check::judgement judged(const check::history& h) {
  auto j = check::judge(h);
  if (!j)
    BOOST_FAIL(render(j.error()));
  return std::move(*j);
}

/// Shows the bug in many runs: each run in which it was shown must be found out, and in the way that is expected in one
/// at least.
void must_be_found(planted bug, std::initializer_list<anomaly> typical) {
  std::size_t shown = 0;
  std::set<anomaly> found;
  for (std::uint64_t seed = 1; seed <= seeds_per_bug; ++seed) {
    auto options = mix(seed);
    options.subscribe = false;
    test::model m{seed, options, bug};
    const auto h = m.run(150);
    if (!m.shown())
      continue;
    ++shown;
    const auto j = judged(h);
    BOOST_TEST(!j.ok(), "seed " << seed << ": the bug was not found");
    for (std::size_t kind = 0; kind < check::anomaly_count; ++kind)
      if (j.found.count(static_cast<anomaly>(kind)) > 0)
        found.insert(static_cast<anomaly>(kind));
  }
  BOOST_TEST(shown > seeds_per_bug / 5);
  for (const auto what : typical)
    BOOST_TEST(found.contains(what), "never found: " << name_of(what));
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_sound_log_shows_no_anomaly) {
  std::size_t operations = 0, read = 0;
  for (std::uint64_t seed = 1; seed <= sound_seeds; ++seed) {
    test::model m{seed, mix(seed), planted::nothing};
    const auto h = m.run(60 + seed % 100);
    const auto j = judged(h);
    BOOST_TEST(j.ok(), "seed " << seed << ":\n" << to_text(j));
    operations += j.operation_count;
    read += j.read_count;
  }
  BOOST_TEST_MESSAGE(operations << " operations, " << read << " records read");
}

BOOST_AUTO_TEST_CASE(histories_survive_their_text_form) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    test::model m{seed, mix(seed), planted::skip};
    const auto h = m.run(150);
    const auto text = to_text(h);
    const auto again = check::parse_history(text);
    BOOST_REQUIRE(again);
    BOOST_TEST(to_text(*again) == text);
    BOOST_TEST(to_text(judged(*again)) == to_text(judged(h)));
    BOOST_TEST(to_edn(*again) == to_edn(h));
  }
}

BOOST_AUTO_TEST_CASE(an_acknowledged_record_that_is_dropped_is_missed) {
  must_be_found(planted::drop_acknowledged, {anomaly::lost_write, anomaly::unseen, anomaly::poll_skip});
}

BOOST_AUTO_TEST_CASE(a_record_that_is_there_twice_is_found) {
  must_be_found(planted::duplicate, {anomaly::duplicate});
}

BOOST_AUTO_TEST_CASE(records_that_change_places_are_found) {
  must_be_found(planted::swap, {anomaly::inconsistent_offsets, anomaly::duplicate});
}

BOOST_AUTO_TEST_CASE(a_client_s_sends_out_of_order_are_found) {
  must_be_found(planted::reorder, {anomaly::nonmonotonic_send});
}

BOOST_AUTO_TEST_CASE(a_record_of_an_aborted_transaction_is_found) {
  must_be_found(planted::show_aborted, {anomaly::aborted_read});
}

BOOST_AUTO_TEST_CASE(a_transaction_that_reads_its_own_records_is_found) {
  must_be_found(planted::show_open, {anomaly::precommitted_read});
}

BOOST_AUTO_TEST_CASE(a_log_that_is_rolled_back_is_found) {
  must_be_found(planted::roll_back, {anomaly::unseen, anomaly::inconsistent_offsets});
}

BOOST_AUTO_TEST_CASE(a_transaction_that_committed_in_part_is_found) {
  must_be_found(planted::tear_transaction, {anomaly::lost_write, anomaly::unseen});
}

BOOST_AUTO_TEST_CASE(polls_that_leave_out_records_are_found) {
  must_be_found(planted::skip, {anomaly::int_poll_skip});
}

BOOST_AUTO_TEST_CASE(polls_that_go_back_are_found) {
  must_be_found(planted::repeat, {anomaly::nonmonotonic_poll});
}

BOOST_AUTO_TEST_CASE(two_records_at_one_offset_are_found) {
  must_be_found(planted::same_offset, {anomaly::inconsistent_offsets, anomaly::duplicate});
}

BOOST_AUTO_TEST_CASE(values_that_nobody_sent_are_found) {
  must_be_found(planted::invent, {anomaly::unwritten_read});
}
