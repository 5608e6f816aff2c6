#include "log_fixture.hpp"

using namespace troupe;
using namespace troupe::log::test;
using troupe::log::errc;

namespace {

using offsets = std::vector<std::int64_t>;

offsets count_up(int count) {
  offsets all;
  for (int i = 0; i < count; ++i)
    all.push_back(i);
  return all;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(log_read, log_fixture)

BOOST_AUTO_TEST_CASE(reads_end_at_batch_boundaries_whatever_the_size_asked_for) {
  how.segment_bytes = 20'000;
  how.index_interval_bytes = 500;
  open();
  for (int i = 0; i < 100; ++i)
    append(1, static_cast<std::size_t>(10 + 37 * i % 900));
  for (const std::size_t max_bytes : {1, 100, 1000, 3000, 1 << 20})
    BOOST_CHECK(bases_from(offset{0}, max_bytes) == count_up(100));
  reopen();
  for (const std::size_t max_bytes : {100, 1000, 1 << 20})
    BOOST_CHECK(bases_from(offset{0}, max_bytes) == count_up(100));
}

BOOST_AUTO_TEST_CASE(a_batch_larger_than_asked_for_comes_only_when_one_must_come) {
  open();
  append(1, 5000);
  append(1, 10);
  BOOST_CHECK_EQUAL(read_bytes(offset{0}, 100, offset{2}, false).size(), 0);
  BOOST_CHECK_GT(read_bytes(offset{0}, 100, offset{2}, true).size(), 5000);
}

BOOST_AUTO_TEST_CASE(nothing_at_or_above_the_upper_limit_is_read) {
  open();
  for (int i = 0; i < 300; ++i)
    append(2, 50);
  for (const int limit : {0, 2, 100, 301, 598, 600}) {
    const auto bytes = read_bytes(offset{0}, 1 << 20, offset{limit});
    troupe::log::batch_run run{bytes};
    offset last{-1};
    for (auto batch = must(run.next()); batch; batch = must(run.next()))
      last = batch->last_offset();
    BOOST_CHECK_EQUAL(last.value, limit / 2 * 2 - 1);  // a batch that reaches beyond the limit is left out
  }
  BOOST_CHECK_EQUAL(read_bytes(offset{400}, 1 << 20, offset{400}).size(), 0);
}

BOOST_AUTO_TEST_CASE(R17_what_is_appended_between_the_look_and_the_read_is_not_read) {
  open();
  for (int i = 0; i < 10; ++i)
    append(1, 50);
  const auto before = read_bytes(offset{0}, 1 << 20, offset{10});
  const auto found = must(held->read(offset{0}, 1 << 20, offset{10}, true));
  for (int i = 0; i < 10; ++i)
    append(1, 50);
  BOOST_CHECK(read_region(found.records) == before);
}

BOOST_AUTO_TEST_CASE(an_offset_inside_a_batch_gives_the_batch) {
  open();
  append(10);
  append(10);
  BOOST_CHECK((bases_from(offset{5}) == offsets{0, 10}));
  held->passivate();
  BOOST_CHECK((bases_from(offset{15}) == offsets{10}));
}

BOOST_AUTO_TEST_CASE(reading_on_and_reading_at_the_tail_need_neither_index_nor_file_reads) {
  how.index_interval_bytes = 200;
  open();
  for (int i = 0; i < 1000; ++i)
    append(1, 100);
  auto got = must(held->read(offset{0}, 10'000, held->log_end_offset(), true));
  const auto reads = disk.reads;
  int pieces = 0;
  // In each piece one look for its end, none for its beginning.
  for (; got.next < held->log_end_offset(); ++pieces)
    got = must(held->read(got.next, 10'000, held->log_end_offset(), true));
  BOOST_CHECK_GT(pieces, 10);
  BOOST_CHECK_LE(disk.reads - reads, 3 * pieces);
  const auto at_tail = disk.reads;
  for (int i = 0; i < 50; ++i) {
    append(1, 100);
    got = must(held->read(got.next, 10'000, held->log_end_offset(), true));
    BOOST_CHECK(got.next == held->log_end_offset());
  }
  BOOST_CHECK_EQUAL(disk.reads, at_tail);
}

BOOST_AUTO_TEST_CASE(offsets_outside_the_log_are_refused_and_its_end_is_empty) {
  open();
  append(5);
  BOOST_CHECK(troupe::log::is_error(held->read(offset{6}, 100, offset{5}, true).error(), errc::offset_out_of_range));
  BOOST_CHECK_EQUAL(read_bytes(offset{5}, 100, offset{5}).size(), 0);
  must_succeed(held->advance_log_start(offset{3}, now));
  BOOST_CHECK(troupe::log::is_error(held->read(offset{2}, 100, offset{5}, true).error(), errc::offset_out_of_range));
  BOOST_CHECK((bases_from(offset{3}) == offsets{0}));
}

BOOST_AUTO_TEST_CASE(many_old_segments_do_not_keep_many_files_open) {
  how.segment_bytes = 1000;
  open();
  for (int i = 0; i < 60; ++i)
    append(1, 700);
  sync();
  BOOST_CHECK_EQUAL(bases_from(offset{0}).size(), 60);
  const auto ours = std::distance(std::filesystem::directory_iterator{"/proc/self/fd"}, {});
  BOOST_CHECK_LT(ours, 40);
}

BOOST_AUTO_TEST_CASE(a_passive_log_has_no_open_files_and_goes_on_when_it_is_used) {
  how.segment_bytes = 3000;
  open();
  for (int i = 0; i < 20; ++i)
    append(1, 700);
  sync();
  const auto before = std::distance(std::filesystem::directory_iterator{"/proc/self/fd"}, {});
  held->passivate();
  BOOST_CHECK_LT(std::distance(std::filesystem::directory_iterator{"/proc/self/fd"}, {}), before);
  BOOST_CHECK(bases_from(offset{0}) == count_up(20));
  held->passivate();
  BOOST_CHECK(append(1, 700).base == offset{20});
  reopen();
  BOOST_CHECK(bases_from(offset{0}) == count_up(21));
}

BOOST_AUTO_TEST_CASE(once_an_idle_log_was_synced_its_close_writes_and_syncs_nothing) {
  open();
  for (int i = 0; i < 20; ++i)
    append(1, 700);
  sync();
  sync();  // the directory once more, for the epoch file's name
  BOOST_CHECK(!held->needs_sync());
  held->passivate();
  BOOST_CHECK(held->needs_sync());
  sync();
  BOOST_CHECK(!held->needs_sync());
  held->passivate();
  BOOST_CHECK(!held->needs_sync());
  const auto writes = disk.writes, syncs = disk.syncs, opens = disk.opens;
  must_succeed(held->close());
  BOOST_CHECK_EQUAL(disk.writes, writes);
  BOOST_CHECK_EQUAL(disk.syncs, syncs);
  BOOST_CHECK_EQUAL(disk.opens, opens);
  hints.clean_stop = true;
  hints.recovery_point = held->durable_end();
  open();
  BOOST_CHECK(held->recovery().lines.empty());
  BOOST_CHECK(bases_from(offset{0}) == count_up(20));
}

BOOST_AUTO_TEST_CASE(a_log_that_rests_and_wakes_over_and_over_stays_sound) {
  how.segment_bytes = 3000;
  how.index_interval_bytes = 500;
  open();
  for (int i = 0; i < 60; ++i) {
    must(append_from(producer_id{1}, 0, i));
    if (i % 2 == 0)
      held->passivate();
    if (i % 7 == 0)
      sync();
  }
  reopen();
  BOOST_CHECK(held->recovery().lines.empty());
  BOOST_CHECK(bases_from(offset{0}, 700) == count_up(60));
  BOOST_CHECK_EQUAL(held->active_producers().front().last_sequence, 59);
  const auto names = files();
  const auto snapshots = std::count_if(names.begin(), names.end(), [](auto& n) { return n.ends_with(".snapshot"); });
  BOOST_CHECK_LE(snapshots, static_cast<std::ptrdiff_t>(held->segment_count()));
}

// -- producers whose records are gone ---------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(T02_a_batch_that_is_sent_again_after_its_segment_is_gone_is_not_appended_again) {
  how.segment_bytes = 300;
  open();
  for (int i = 0; i < 5; ++i)
    must(append_from(producer_id{1}, 0, i));
  sync();
  must_succeed(held->advance_log_start(offset{5}, now));
  for (int again = 1; again < 5; ++again) {
    const auto answer = must(append_from(producer_id{1}, 0, again));
    BOOST_CHECK(answer.base == offset{again});
    BOOST_CHECK(held->log_end_offset() == offset{5});
  }
  crash_and_reopen();
  static_cast<void>(append_from(producer_id{1}, 0, 2));  // known still, or refused
  BOOST_CHECK(held->log_end_offset() == offset{5});
  BOOST_CHECK(must(append_from(producer_id{1}, 0, 5)).base == offset{5});
}

BOOST_AUTO_TEST_CASE(T03_a_producer_whose_records_retention_has_taken_goes_on_where_it_was) {
  for (const bool restarts : {false, true}) {
    log_fixture one;
    one.how.segment_bytes = 300;
    one.open();
    for (int i = 0; i < 3; ++i)
      must(one.append_from(producer_id{1}, 0, i));
    one.sync();
    must_succeed(one.held->advance_log_start(offset{3}, one.now));
    if (restarts)
      one.reopen();
    BOOST_CHECK(must(one.append_from(producer_id{1}, 0, 3)).base == offset{3});
    BOOST_CHECK(troupe::log::is_error(one.append_from(producer_id{1}, 0, 5).error(), errc::out_of_order_sequence));
  }
}

// -- by time ----------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(C08_offsets_by_time_are_those_of_a_full_scan_also_after_rolls_trims_and_restarts) {
  how.segment_bytes = 4000;
  how.index_interval_bytes = 300;
  how.timestamp_after_max = troupe::log::options::forever;
  open();
  std::vector<std::int64_t> times;
  std::uint64_t seed = 42;
  for (int i = 0; i < 120; ++i) {
    std::vector<simple_record> records;
    for (int r = 0; r < 3; ++r) {
      seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
      times.push_back(1000 + i * 10 + static_cast<std::int64_t>((seed >> 33) % 200));
      records.push_back({"k", std::string(40, 'v'), times.back()});
    }
    must(held->append_as_leader(make_batch(records), epoch, now));
  }
  const auto check = [&] {
    const auto start = held->log_start_offset().value;
    for (std::int64_t asked = 900; asked < 2500; asked += 7) {
      std::int64_t expected = -1;
      for (auto at = static_cast<std::size_t>(start); at < times.size() && expected < 0; ++at)
        if (times[at] >= asked)
          expected = static_cast<std::int64_t>(at);
      const auto found = must(held->find_offset(asked, held->log_end_offset()));
      BOOST_REQUIRE_EQUAL(found.at.value, expected);
      if (expected >= 0)
        BOOST_REQUIRE_EQUAL(found.timestamp_ms, times[static_cast<std::size_t>(expected)]);
    }
    const auto largest = std::max_element(times.begin() + start, times.end());
    const auto found = must(held->find_offset(troupe::log::log::max_time, held->log_end_offset()));
    BOOST_CHECK_EQUAL(found.at.value, largest - times.begin());
    BOOST_CHECK_EQUAL(found.timestamp_ms, *largest);
  };
  check();
  must_succeed(held->advance_log_start(offset{200}, now));
  check();
  reopen();
  check();
  crash_and_reopen();
  check();
  held->passivate();
  check();
}

BOOST_AUTO_TEST_CASE(the_special_times_give_start_end_and_their_epochs) {
  open();
  epoch = leader_epoch{3};
  append(5);
  epoch = leader_epoch{4};
  append(5);
  const auto high_watermark = offset{7};
  BOOST_CHECK(must(held->find_offset(-1, high_watermark)).at == high_watermark);
  BOOST_CHECK(must(held->find_offset(-2, high_watermark)).at == offset{0});
  BOOST_CHECK(must(held->find_offset(-2, high_watermark)).epoch == leader_epoch{3});
  BOOST_CHECK(must(held->find_offset(to_ms(now), high_watermark)).at == offset{0});
  BOOST_CHECK(must(held->find_offset(to_ms(now) + 1, high_watermark)).at == no_offset);
  BOOST_CHECK(!held->find_offset(-77, high_watermark));
}

BOOST_AUTO_TEST_CASE(a_record_at_or_above_the_high_watermark_is_not_found_by_time) {
  open();
  append(5);
  now += std::chrono::milliseconds{100};
  append(5);
  BOOST_CHECK(must(held->find_offset(to_ms(now), offset{5})).at == no_offset);
  BOOST_CHECK(must(held->find_offset(to_ms(now), offset{10})).at == offset{5});
}

BOOST_AUTO_TEST_SUITE_END()
