#include "log_fixture.hpp"

using namespace troupe;
using namespace troupe::log::test;
using troupe::log::errc;
using std::chrono::milliseconds;

namespace {
using offsets = std::vector<std::int64_t>;
}

BOOST_FIXTURE_TEST_SUITE(log_cut, log_fixture)

BOOST_AUTO_TEST_CASE(truncation_forgets_records_epochs_and_producers_from_there_on) {
  how.segment_bytes = 1000;
  how.index_interval_bytes = 100;
  for (const int to : {11, 10, 9, 6, 5, 1, 0}) {
    std::filesystem::remove_all(directory());
    hints = {};
    open();
    for (int i = 0; i < 12; ++i) {
      epoch = leader_epoch{i / 4};
      must(append_from(producer_id{5}, 0, i));
      if (i % 3 == 2) {  // rolls, and is cut off again
        append(1, 700);
        must_succeed(held->truncate_to(held->log_end_offset() + -1, now));
      }
    }
    must_succeed(held->truncate_to(offset{to}, now));
    BOOST_CHECK(held->log_end_offset() == offset{to});
    BOOST_CHECK_EQUAL(bases_from(offset{0}).size(), static_cast<std::size_t>(to));
    BOOST_CHECK(held->latest_epoch() == (to == 0 ? no_epoch : leader_epoch{(to - 1) / 4}));
    const auto active = held->active_producers();
    BOOST_CHECK_EQUAL(active.empty() ? -1 : active.front().last_sequence, to - 1);
    BOOST_CHECK(must(append_from(producer_id{5}, 0, to)).base == offset{to});
    crash_and_reopen();
    BOOST_CHECK(held->log_end_offset() == offset{to + 1});
    BOOST_CHECK_EQUAL(bases_from(offset{0}).size(), static_cast<std::size_t>(to + 1));
  }
}

BOOST_AUTO_TEST_CASE(a_batch_that_spans_the_cut_goes_as_a_whole) {
  open();
  append(10);
  append(10);
  must_succeed(held->truncate_to(offset{15}, now));
  BOOST_CHECK(held->log_end_offset() == offset{10});
  BOOST_CHECK(append().base == offset{10});
}

BOOST_AUTO_TEST_CASE(a_ticket_from_before_a_truncation_makes_nothing_durable) {
  open();
  append(10);
  append(10);
  const auto ticket = held->begin_sync();
  must_succeed(held->truncate_to(offset{10}, now));
  append(5);
  held->finish_sync(ticket);
  BOOST_CHECK(held->durable_end() == offset{0});
  sync();
  BOOST_CHECK(held->durable_end() == offset{15});
}

BOOST_AUTO_TEST_CASE(a_log_can_start_over_at_any_offset_and_remembers_it) {
  open();
  append(10);
  must_succeed(held->truncate_fully_and_start_at(offset{500}, now));
  BOOST_CHECK(held->log_start_offset() == offset{500});
  BOOST_CHECK_EQUAL(held->size_bytes(), 0);
  sync();
  crash_and_reopen();
  BOOST_CHECK(held->log_end_offset() == offset{500});
  BOOST_CHECK(!held->damage());
  BOOST_CHECK(append().base == offset{500});
}

BOOST_AUTO_TEST_CASE(retention_by_size_keeps_at_least_the_size_and_never_takes_the_active_segment) {
  how.segment_bytes = 1000;
  how.retention_bytes = 2500;
  open();
  for (int i = 0; i < 6; ++i)
    append(1, 700);
  const auto done = must(held->apply_retention(now, held->log_end_offset()));
  BOOST_CHECK_EQUAL(done.removed_segments, 2);
  BOOST_CHECK(held->log_start_offset() == offset{2});
  BOOST_CHECK_GE(held->size_bytes(), 2500);
  how.retention_bytes = 0;
  held->set_options(how);
  must(held->apply_retention(now, held->log_end_offset()));
  BOOST_CHECK_EQUAL(held->segment_count(), 1);
  BOOST_CHECK((bases_from(offset{5}) == offsets{5}));
}

BOOST_AUTO_TEST_CASE(retention_by_age_rolls_the_active_segment_when_all_of_it_is_old) {
  how.retention = milliseconds{1000};
  how.segment_age = std::chrono::hours{1};
  open();
  append(3);
  now += milliseconds{1000};
  BOOST_CHECK_EQUAL(must(held->apply_retention(now, offset{3})).removed_segments, 0);
  now += milliseconds{1};
  BOOST_CHECK_EQUAL(must(held->apply_retention(now, offset{2})).removed_segments, 0);  // not above the high watermark
  BOOST_CHECK_EQUAL(must(held->apply_retention(now, offset{3})).removed_segments, 1);
  BOOST_CHECK(held->log_start_offset() == offset{3});
  BOOST_CHECK(held->log_end_offset() == offset{3});
  BOOST_CHECK_EQUAL(must(held->apply_retention(now + std::chrono::hours{9}, offset{3})).removed_segments, 0);
  reopen();
  BOOST_CHECK(held->log_end_offset() == offset{3});
  BOOST_CHECK(append().base == offset{3});
}

BOOST_AUTO_TEST_CASE(C07_times_in_the_future_do_not_keep_a_segment_for_ever) {
  how.segment_bytes = 1000;
  how.retention = milliseconds{1000};
  how.timestamp_after_max = troupe::log::options::forever;
  open();
  for (int i = 0; i < 3; ++i)
    must(held->append_as_leader(make_batch({{"k", std::string(700, 'v'), to_ms(now) + 1'000'000'000'000}}), epoch,
                                now));
  now += milliseconds{1001};
  BOOST_CHECK_EQUAL(must(held->apply_retention(now, offset{3})).removed_segments, 3);
}

BOOST_AUTO_TEST_CASE(removed_files_are_renamed_first_stay_readable_and_go_after_the_delay) {
  how.segment_bytes = 1000;
  how.retention_bytes = 0;
  how.file_delete_delay = milliseconds{500};
  open();
  append(1, 700);
  append(1, 700);
  const auto held_region = must(held->read(offset{0}, 1 << 20, offset{2}, true)).records;
  must(held->apply_retention(now, offset{2}));
  BOOST_CHECK(!has_file(file(offset{0}, ".log")));
  BOOST_CHECK(has_file(file(offset{0}, ".log.deleted")));
  now += milliseconds{500};
  must(held->apply_retention(now, offset{2}));
  BOOST_CHECK(!has_file(file(offset{0}, ".log.deleted")));
  byte_vector bytes(held_region.size);
  BOOST_CHECK_EQUAL(must(held_region.source->read(held_region.position, bytes)), bytes.size());
}

BOOST_AUTO_TEST_CASE(C09_deleting_records_removes_whole_segments_also_of_a_compacted_topic) {
  how.cleanup_compact = true;
  how.cleanup_delete = false;
  how.segment_bytes = 1000;
  open();
  for (int i = 0; i < 5; ++i)
    append(1, 700);
  must_succeed(held->advance_log_start(offset{3}, now));
  BOOST_CHECK(held->log_start_offset() == offset{3});
  BOOST_CHECK_EQUAL(held->segment_count(), 2);
  BOOST_CHECK(held->epoch_at(offset{3}) == leader_epoch{0});
  BOOST_CHECK(held->epoch_at(offset{2}) == no_epoch);
  BOOST_CHECK(troupe::log::is_error(held->advance_log_start(offset{6}, now), errc::offset_out_of_range));
  must_succeed(held->advance_log_start(offset{5}, now));
  BOOST_CHECK(append().base == offset{5});
  crash_and_reopen();
  BOOST_CHECK(held->log_start_offset() == offset{5});
  BOOST_CHECK((bases_from(offset{5}) == offsets{5}));
}

BOOST_AUTO_TEST_CASE(a_start_behind_what_survived_a_crash_leaves_an_empty_log_there) {
  open();
  append(5);
  sync();
  append(5);
  must_succeed(held->advance_log_start(offset{8}, now));
  const auto size = std::filesystem::file_size(file(offset{0}, ".log"));
  cut_file(file(offset{0}, ".log"), size - 1);
  crash_and_reopen();
  BOOST_CHECK(held->log_start_offset() == offset{8});
  BOOST_CHECK(held->log_end_offset() == offset{8});
  BOOST_CHECK(append().base == offset{8});
}

BOOST_AUTO_TEST_CASE(compaction_swaps_cleaned_segments_in_and_reads_go_on) {
  how.cleanup_compact = true;
  how.cleanup_delete = false;
  how.segment_bytes = 2000;
  how.min_cleanable_dirty_ratio = 0;
  open();
  for (int i = 0; i < 30; ++i)
    append(2, 300);  // the same two keys over and over
  const auto before = held->size_bytes();
  auto plan = held->plan_compaction(now, held->log_end_offset());
  BOOST_REQUIRE(plan);
  must_succeed(held->apply_compaction(must(troupe::log::clean(*plan, disk))));
  BOOST_CHECK_LT(held->size_bytes(), before / 2);
  const auto left = bases_from(offset{0});
  BOOST_CHECK_LT(left.size(), 30);
  BOOST_CHECK(!held->plan_compaction(now, held->log_end_offset()));
  append(2, 300);
  reopen();
  crash_and_reopen();
  BOOST_CHECK(!held->damage());
  BOOST_CHECK_EQUAL(bases_from(offset{0}).size(), left.size() + 1);
}

BOOST_AUTO_TEST_CASE(a_cleaning_of_segments_that_were_truncated_meanwhile_is_thrown_away) {
  how.cleanup_compact = true;
  how.segment_bytes = 2000;
  how.min_cleanable_dirty_ratio = 0;
  open();
  for (int i = 0; i < 30; ++i)
    append(2, 300);
  auto plan = held->plan_compaction(now, held->log_end_offset());
  BOOST_REQUIRE(plan);
  const auto cleaned = must(troupe::log::clean(*plan, disk));
  must_succeed(held->truncate_to(offset{20}, now));
  BOOST_CHECK(troupe::log::is_error(held->apply_compaction(cleaned), errc::cleaning_obsolete));
  BOOST_CHECK_EQUAL(bases_from(offset{0}).size(), 10);
}

BOOST_AUTO_TEST_SUITE_END()
