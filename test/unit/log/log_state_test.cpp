// The pure parts of a log: epochs, producers, retention, the rule of rolling, checkpoint files.

#include "bytes.hpp"

#include "runtime/log/epochs.hpp"
#include "runtime/log/errors.hpp"
#include "runtime/log/offset_checkpoint.hpp"
#include "runtime/log/producers.hpp"
#include "runtime/log/retention.hpp"
#include "runtime/log/roll.hpp"

#include <limits>

using namespace troupe;
using namespace troupe::log::test;
using troupe::log::batch_head;
using troupe::log::epochs;
using troupe::log::errc;
using troupe::log::producers;

namespace {

epochs epochs_of(std::initializer_list<std::pair<int, int>> entries) {
  epochs out;
  for (const auto& [epoch, start] : entries)
    out.assign(leader_epoch{epoch}, offset{start});
  return out;
}

std::pair<int, std::int64_t> end_of(const epochs& e, int asked, int log_end) {
  const auto end = e.end_of(leader_epoch{asked}, offset{log_end});
  return {end.epoch.value, end.end.value};
}

batch_head batch_of(std::int32_t sequence, std::int32_t count, std::int64_t base, std::int16_t epoch = 0) {
  batch_head head;
  head.producer = producer_id{1};
  head.producer_epoch = epoch;
  head.base_sequence = sequence;
  const auto wide = static_cast<std::uint32_t>(sequence) + static_cast<std::uint32_t>(count) - 1;
  head.last_sequence = static_cast<std::int32_t>(wide & 0x7fffffffU);
  head.base = offset{base};
  head.last = offset{base + count - 1};
  head.max_timestamp_ms = 1000 + base;
  return head;
}

bool accepts(const producers& p, const batch_head& batch) {
  const auto answer = p.check(batch);
  return answer && !*answer;
}

using pair = std::pair<int, std::int64_t>;

}  // namespace

BOOST_AUTO_TEST_SUITE(log_state)

BOOST_AUTO_TEST_CASE(R03_the_end_of_an_epoch_is_that_of_the_largest_one_at_or_below_it) {
  const auto known = epochs_of({{2, 10}, {4, 20}, {7, 30}});
  BOOST_CHECK(end_of(known, 7, 50) == pair(7, 50));
  BOOST_CHECK(end_of(known, 4, 50) == pair(4, 30));
  BOOST_CHECK(end_of(known, 5, 50) == pair(4, 30));
  BOOST_CHECK(end_of(known, 6, 50) == pair(4, 30));
  BOOST_CHECK(end_of(known, 1, 50) == pair(1, 10));
  BOOST_CHECK(end_of(known, 8, 50) == pair(-1, -1));
  BOOST_CHECK(end_of(known, -1, 50) == pair(-1, -1));
  BOOST_CHECK(end_of({}, 3, 50) == pair(-1, -1));
}

BOOST_AUTO_TEST_CASE(a_new_epoch_replaces_what_contradicts_it) {
  auto known = epochs_of({{2, 10}, {4, 20}, {7, 30}});
  BOOST_CHECK(!known.assign(leader_epoch{7}, offset{35}));
  BOOST_CHECK(known.assign(leader_epoch{8}, offset{20}));
  BOOST_CHECK(known.entries() == epochs_of({{2, 10}, {8, 20}}).entries());
}

BOOST_AUTO_TEST_CASE(epochs_are_cut_at_both_ends) {
  auto known = epochs_of({{2, 10}, {4, 20}, {7, 30}});
  BOOST_CHECK(known.truncate_end(offset{30}));
  BOOST_CHECK(!known.truncate_end(offset{30}));
  BOOST_CHECK(known.truncate_start(offset{25}));
  BOOST_CHECK(known.entries() == epochs_of({{4, 25}}).entries());
}

BOOST_AUTO_TEST_CASE(the_epoch_file_reads_back_and_a_damaged_one_is_refused) {
  const auto known = epochs_of({{2, 10}, {4, 20}});
  BOOST_CHECK_EQUAL(known.encode(), "0\n2\n2 10\n4 20\n");
  BOOST_CHECK(must(epochs::decode(as_bytes(known.encode()))).entries() == known.entries());
  for (const auto* bad : {"", "0\n", "1\n0\n", "0\n1\n", "0\n1\n2 10", "0\n1\n2 x\n", "0\n2\n4 20\n2 10\n",
                          "0\n1\n2 10\n\n", "0\n-1\n", "0\n1\n2  10\n"})
    BOOST_CHECK(troupe::log::is_error(epochs::decode(as_bytes(bad)).error(), errc::corrupt_file));
}

BOOST_AUTO_TEST_CASE(sequences_go_on_without_gaps_and_wrap_to_zero) {
  producers known;
  BOOST_CHECK(accepts(known, batch_of(17, 3, 0)));  // no state: any first sequence (KIP-360)
  known.appended(batch_of(17, 3, 0));
  BOOST_CHECK(accepts(known, batch_of(20, 1, 3)));
  BOOST_CHECK(troupe::log::is_error(known.check(batch_of(21, 1, 3)).error(), errc::out_of_order_sequence));
  BOOST_CHECK(troupe::log::is_error(known.check(batch_of(19, 1, 3)).error(), errc::out_of_order_sequence));
  constexpr auto last = std::numeric_limits<std::int32_t>::max();
  known.clear();
  known.appended(batch_of(last - 1, 2, 0));
  BOOST_CHECK(accepts(known, batch_of(0, 5, 2)));
  known.clear();
  known.appended(batch_of(last - 1, 4, 0));  // wraps inside the batch
  BOOST_CHECK(accepts(known, batch_of(2, 5, 4)));
}

BOOST_AUTO_TEST_CASE(a_retry_of_one_of_the_last_five_batches_is_known_with_its_offsets) {
  producers known;
  for (int i = 0; i < 7; ++i)
    known.appended(batch_of(i * 2, 2, 100 + i * 2));
  for (int i = 2; i < 7; ++i) {
    const auto again = must(known.check(batch_of(i * 2, 2, 0)));
    BOOST_REQUIRE(again);
    BOOST_CHECK(again->first == offset{100 + i * 2});
  }
  BOOST_CHECK(!known.check(batch_of(2, 2, 0)));
  BOOST_CHECK(!known.check(batch_of(12, 1, 0)));  // half of a batch is no retry
}

BOOST_AUTO_TEST_CASE(a_new_producer_epoch_starts_at_zero_and_fences_the_old_one) {
  producers known;
  known.appended(batch_of(0, 5, 0));
  BOOST_CHECK(troupe::log::is_error(known.check(batch_of(5, 1, 5, 1)).error(), errc::out_of_order_sequence));
  BOOST_CHECK(accepts(known, batch_of(0, 1, 5, 1)));
  known.appended(batch_of(0, 1, 5, 1));
  BOOST_CHECK(troupe::log::is_error(known.check(batch_of(5, 1, 6, 0)).error(), errc::invalid_producer_epoch));
  BOOST_CHECK(troupe::log::is_error(known.check(batch_of(0, 5, 6, 0)).error(), errc::invalid_producer_epoch));
}

BOOST_AUTO_TEST_CASE(silent_producers_are_forgotten_but_not_inside_a_transaction) {
  producers known;
  auto batch = batch_of(0, 1, 0);
  known.appended(batch);
  batch.producer = producer_id{2};
  batch.attributes = troupe::log::attribute::transactional;
  known.appended(batch);
  BOOST_CHECK(!known.expire(from_ms(1999), std::chrono::milliseconds{1000}));
  BOOST_CHECK(known.expire(from_ms(2000), std::chrono::milliseconds{1000}));
  BOOST_CHECK_EQUAL(known.size(), 1);
  BOOST_CHECK(known.first_unstable(offset{10}) == offset{0});
  known.ended(batch, 3);
  BOOST_CHECK(known.first_unstable(offset{0}) == offset{0});  // the marker is not below the high watermark
  BOOST_CHECK(!known.first_unstable(offset{1}));
}

BOOST_AUTO_TEST_CASE(a_snapshot_keeps_all_that_is_remembered_and_a_damaged_one_is_refused) {
  producers known;
  for (int i = 0; i < 7; ++i)
    known.appended(batch_of(i * 2, 2, 100 + i * 2));
  auto other = batch_of(5, 1, 300, 4);
  other.producer = producer_id{77};
  other.attributes = troupe::log::attribute::transactional;
  known.appended(other);
  const auto content = known.encode();
  const auto read = must(producers::decode(content));
  BOOST_CHECK(read.encode() == content);
  for (int i = 2; i < 7; ++i)
    BOOST_CHECK(must(read.check(batch_of(i * 2, 2, 0))));
  BOOST_CHECK(read.first_unstable(offset{400}) == offset{300});
  for (std::size_t i = 0; i < content.size(); ++i) {
    auto bad = content;
    bad[i] ^= 0x10;
    BOOST_CHECK(troupe::log::is_error(producers::decode(bad).error(), errc::corrupt_file));
    BOOST_CHECK(!producers::decode(bytes_view{content}.first(i)));
  }
}

BOOST_AUTO_TEST_CASE(an_offset_checkpoint_reads_back_and_a_damaged_one_names_file_and_line) {
  const std::vector<troupe::log::offset_checkpoint_entry> entries{{"lines", partition_index{3}, offset{99}},
                                                                  {"a.b", partition_index{0}, offset{0}}};
  const auto content = troupe::log::encode_offset_checkpoint(entries);
  BOOST_CHECK_EQUAL(as_text(content), "0\n2\nlines 3 99\na.b 0 0\n");
  BOOST_CHECK(must(troupe::log::decode_offset_checkpoint("f", content)) == entries);
  for (const auto* bad : {"", "0\n1\nlines 3\n", "0\n1\nlines 3 99 1\n", "0\n1\nlines 3 -9\n", "0\n2\nlines 3 99\n",
                          "0\n1\nlin"}) {
    const auto answer = troupe::log::decode_offset_checkpoint("the/file", as_bytes(bad));
    BOOST_CHECK(troupe::log::is_error(answer.error(), errc::corrupt_file));
    BOOST_CHECK(render(answer.error()).find("the/file") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(the_age_of_a_segment_counts_by_its_records_where_they_have_times) {
  troupe::log::options how;
  how.segment_age = std::chrono::milliseconds{100};
  troupe::log::roll_facts active{offset{0}, 500, 1000, from_ms(0), false};
  batch_head batch;
  batch.max_timestamp_ms = 1100;
  BOOST_CHECK(!troupe::log::needs_roll(active, batch, how, from_ms(9999)));
  batch.max_timestamp_ms = 1101;
  BOOST_CHECK(troupe::log::needs_roll(active, batch, how, from_ms(0)));
  active.first_timestamp_ms = -1;
  BOOST_CHECK(!troupe::log::needs_roll(active, batch, how, from_ms(100)));
  BOOST_CHECK(troupe::log::needs_roll(active, batch, how, from_ms(101)));
  active.size_bytes = 0;
  BOOST_CHECK(!troupe::log::needs_roll(active, batch, how, from_ms(101)));
}

BOOST_AUTO_TEST_CASE(a_compacted_topics_segment_rolls_in_time_for_its_maximal_lag) {
  troupe::log::options how;
  how.max_compaction_lag = std::chrono::milliseconds{100};
  troupe::log::roll_facts active{offset{0}, 500, 1000, from_ms(0), false};
  batch_head batch;
  batch.max_timestamp_ms = 1101;
  BOOST_CHECK(!troupe::log::needs_roll(active, batch, how, from_ms(0)));
  how.cleanup_compact = true;
  BOOST_CHECK(troupe::log::needs_roll(active, batch, how, from_ms(0)));
}

BOOST_AUTO_TEST_CASE(jitter_stays_below_its_setting_and_differs_between_segments) {
  troupe::log::options how;
  how.segment_jitter = std::chrono::milliseconds{1000};
  std::int64_t sum = 0;
  for (int i = 0; i < 100; ++i) {
    const auto jitter = troupe::log::roll_jitter(offset{i}, how);
    BOOST_CHECK(jitter.count() >= 0 && jitter.count() < 1000);
    sum += jitter.count();
  }
  BOOST_CHECK(sum > 35'000 && sum < 65'000);
}

BOOST_AUTO_TEST_SUITE_END()
