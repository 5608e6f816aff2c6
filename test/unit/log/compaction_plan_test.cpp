#include "bytes.hpp"

#include "runtime/log/compaction.hpp"
#include "runtime/log/offset_map.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>
#include <unordered_map>

using namespace troupe;
using namespace troupe::log;
using namespace troupe::log::test;
using namespace std::chrono_literals;

namespace {

// Segments of 100 offsets and 1,000 bytes each; the one with number n holds times from 1000 n to 1000 n + 999.
compaction_input log_of(int inactive, std::int64_t cleaned_to) {
  compaction_input log;
  for (int n = 0; n < inactive; ++n)
    log.inactive.push_back({offset{n * 100}, offset{n * 100 + 100}, 1000, 80, n * 1000, n * 1000 + 999});
  log.cleaned_to = offset{cleaned_to};
  log.stable_end = offset{inactive * 100 + 50};
  return log;
}

const auto late = from_ms(1'000'000);

}  // namespace

BOOST_AUTO_TEST_SUITE(compaction_plan)

BOOST_AUTO_TEST_CASE(the_dirty_share_of_the_bytes_decides) {
  const compaction_rules rules{.min_cleanable_ratio = 0.5};
  BOOST_TEST(!plan_compaction(log_of(4, 400), rules, late).has_value());
  BOOST_TEST(!plan_compaction(log_of(4, 200), rules, late).has_value());  // half is not more than half
  const auto plan = plan_compaction(log_of(4, 100), rules, late);
  BOOST_REQUIRE(plan.has_value());
  BOOST_TEST(plan->dirty_ratio == 0.75);
  BOOST_TEST(plan->first_dirty.value == 100);
  BOOST_TEST(plan->first_uncleanable.value == 400);
  BOOST_TEST(plan->segments.size() == 4U);
  BOOST_TEST(!plan_compaction(log_of(0, 0), rules, late).has_value());
}

BOOST_AUTO_TEST_CASE(nothing_above_the_stable_end_is_touched) {
  auto log = log_of(4, 0);
  log.stable_end = offset{150};
  const auto plan = plan_compaction(log, {}, late);
  BOOST_REQUIRE(plan.has_value());
  BOOST_TEST(plan->first_uncleanable.value == 150);
  BOOST_TEST(plan->segments.size() == 2U);
  log.stable_end = offset{0};
  BOOST_TEST(!plan_compaction(log, {}, late).has_value());
}

BOOST_AUTO_TEST_CASE(young_segments_wait_for_the_minimum_lag) {
  const auto plan = plan_compaction(log_of(4, 0), {.min_lag = 1000ms}, from_ms(3500));
  BOOST_REQUIRE(plan.has_value());
  BOOST_TEST(plan->first_uncleanable.value == 200);
  BOOST_TEST(!plan_compaction(log_of(4, 0), {.min_lag = 1h}, from_ms(3500)).has_value());
}

BOOST_AUTO_TEST_CASE(the_maximum_lag_forces_whatever_the_ratio) {
  const compaction_rules rules{.min_cleanable_ratio = 0.9, .max_lag = 5000ms};
  BOOST_TEST(!plan_compaction(log_of(4, 200), rules, from_ms(7000)).has_value());
  const auto plan = plan_compaction(log_of(4, 200), rules, from_ms(7001));
  BOOST_REQUIRE(plan.has_value());
  BOOST_TEST(plan->forced);
  auto timeless = log_of(4, 200);
  for (auto& segment : timeless.inactive)
    segment.first_timestamp_ms = -1;
  BOOST_TEST(!plan_compaction(timeless, rules, from_ms(7001)).has_value());
}

BOOST_AUTO_TEST_CASE(C07_times_in_the_far_future_do_not_overflow_the_lags) {
  auto log = log_of(2, 0);
  log.inactive[1].largest_timestamp_ms = std::numeric_limits<std::int64_t>::max();
  const auto plan = plan_compaction(log, {.min_lag = 1ms, .max_lag = 1h}, late);
  BOOST_REQUIRE(plan.has_value());
  BOOST_TEST(plan->first_uncleanable.value == 100);
}

BOOST_AUTO_TEST_CASE(a_checkpoint_outside_of_the_log_starts_over) {
  auto log = log_of(4, 900);
  BOOST_TEST(measure_dirtiness(log, {}, late).first_dirty.value == 0);
  log.log_start = offset{100};
  log.cleaned_to = offset{50};
  BOOST_TEST(measure_dirtiness(log, {}, late).first_dirty.value == 100);
}

BOOST_AUTO_TEST_CASE(groups_join_neighbours_up_to_segment_and_index_size) {
  const auto log = log_of(5, 0);
  const auto by_size = group_segments(log.inactive, {.segment_bytes_max = 2500});
  BOOST_TEST(by_size.size() == 3U);
  BOOST_TEST(by_size[0].sources.size() == 2U);
  BOOST_TEST(by_size[2].base().value == 400);
  BOOST_TEST(group_segments(log.inactive, {.index_bytes_max = 240}).size() == 2U);
  BOOST_TEST(group_segments(log.inactive, {.segment_bytes_max = 10}).size() == 5U);
}

BOOST_AUTO_TEST_CASE(D09_a_group_never_spans_more_offsets_than_an_index_entry_holds) {
  constexpr std::int64_t range = std::numeric_limits<std::int32_t>::max();
  std::vector<segment_facts> sparse = {{offset{0}, offset{10}, 100, 8, 0, 0},
                                       {offset{10}, offset{range + 1}, 100, 8, 0, 0},
                                       {offset{range + 1}, offset{range + 2}, 100, 8, 0, 0},
                                       {offset{3 * range}, offset{3 * range + 1}, 100, 8, 0, 0}};
  const auto groups = group_segments(sparse, {});
  BOOST_REQUIRE(groups.size() == 3U);
  BOOST_TEST(groups[0].sources.size() == 2U);
  for (const auto& group : groups)
    BOOST_TEST((group.end() - group.base() - 1 <= range));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(key_map)

BOOST_AUTO_TEST_CASE(it_remembers_the_last_offset_of_each_key_within_its_memory) {
  constexpr std::size_t limit = 1 << 20;
  offset_map map{limit};
  std::unordered_map<std::string, std::int64_t> model;
  std::mt19937_64 random{7};
  std::int64_t at = 0;
  while (true) {
    const auto key = std::string(random() % 40, 'k') + std::to_string(random() % 60'000);
    if (!map.put(as_bytes(key), offset{at}))
      break;
    model[key] = at++;
  }
  BOOST_TEST(map.size() == map.capacity());
  BOOST_TEST(map.size() == model.size());
  BOOST_TEST(map.bytes() <= limit);
  BOOST_TEST(map.capacity() > limit / 24 / 2);
  for (const auto& [key, last] : model)
    BOOST_REQUIRE((map.find(as_bytes(key)) == offset{last}));
  BOOST_TEST(!map.find(as_bytes("never seen")).has_value());
  BOOST_TEST(map.put(as_bytes(model.begin()->first), offset{at}));  // a known key needs no room
}

BOOST_AUTO_TEST_CASE(it_starts_small_and_holds_some_keys_whatever_the_limit) {
  BOOST_TEST(offset_map{64 << 20}.bytes() < 2048U);
  offset_map tiny{0};
  for (int i = 0; i < 16; ++i)
    BOOST_TEST(tiny.put(as_bytes(std::to_string(i)), offset{i}));
}

BOOST_AUTO_TEST_CASE(keys_that_differ_in_one_bit_or_in_length_stay_apart) {
  offset_map map{64 << 20};
  std::int64_t at = 0;
  for (std::size_t size = 0; size < 40; ++size) {
    map.put(byte_vector(size), offset{at++});
    for (std::size_t bit = 0; bit < size * 8; ++bit) {
      byte_vector key(size);
      key[bit / 8] = static_cast<std::uint8_t>(1 << bit % 8);
      map.put(key, offset{at++});
    }
  }
  BOOST_TEST(map.size() == static_cast<std::size_t>(at));
}

BOOST_AUTO_TEST_SUITE_END()
