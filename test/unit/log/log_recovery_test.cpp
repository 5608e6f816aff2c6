#include "log_fixture.hpp"

#include "runtime/log/big_endian.hpp"

using namespace troupe;
using namespace troupe::log::test;
using troupe::log::errc;

BOOST_FIXTURE_TEST_SUITE(log_recovery, log_fixture)

BOOST_AUTO_TEST_CASE(a_clean_start_reads_a_few_bytes_and_trusts_the_rest) {
  open();
  for (int i = 0; i < 500; ++i)
    append(1, 1000);
  reopen();
  const auto reads = disk.reads;
  open();
  BOOST_CHECK(held->log_end_offset() == offset{500});
  BOOST_CHECK(held->durable_end() == offset{500});
  BOOST_CHECK(held->recovery().lines.empty());
  BOOST_CHECK_EQUAL(held->recovery().verified_bytes, 0);
  BOOST_CHECK_LE(disk.reads - reads, 8);
  BOOST_CHECK(append().base == offset{500});
}

BOOST_AUTO_TEST_CASE(an_unclean_start_keeps_all_that_is_sound_and_calls_only_the_old_mark_durable) {
  how.segment_bytes = 5000;
  open();
  for (int i = 0; i < 10; ++i)
    append(1, 700);
  sync();
  for (int i = 0; i < 10; ++i)
    append(1, 700);
  crash_and_reopen();
  BOOST_CHECK(held->log_end_offset() == offset{20});
  BOOST_CHECK(held->durable_end() == offset{10});
  BOOST_CHECK_GT(held->recovery().verified_bytes, 0);
  BOOST_CHECK_EQUAL(held->recovery().cut_bytes, 0);
  BOOST_CHECK(!held->damage());
  sync();
  BOOST_CHECK(held->durable_end() == offset{20});
  BOOST_CHECK_EQUAL(bases_from(offset{0}).size(), 20);
}

BOOST_AUTO_TEST_CASE(a_torn_tail_is_cut_wherever_it_was_torn_and_reported_by_name) {
  open();
  append(1, 100);
  sync();
  const auto durable_bytes = std::filesystem::file_size(file(offset{0}, ".log"));
  append(1, 100);
  const auto whole = std::filesystem::file_size(file(offset{0}, ".log"));
  for (auto size = whole - 1; size > durable_bytes; size -= 7) {
    cut_file(file(offset{0}, ".log"), size);
    crash_and_reopen();
    BOOST_CHECK(held->log_end_offset() == offset{1});
    BOOST_CHECK_EQUAL(held->recovery().cut_bytes, size - durable_bytes);
    BOOST_CHECK(some_line_has(held->recovery().lines,
                              {file(offset{0}, ".log"), "position " + std::to_string(durable_bytes), "offset 1"}));
    BOOST_CHECK_EQUAL(std::filesystem::file_size(file(offset{0}, ".log")), durable_bytes);
    BOOST_CHECK(append(1, 100).base == offset{1});
  }
}

BOOST_AUTO_TEST_CASE(a_tail_of_zeros_or_with_a_flipped_bit_is_cut_too) {
  open();
  append(1, 100);
  sync();
  const auto durable_bytes = std::filesystem::file_size(file(offset{0}, ".log"));
  for (const bool zeros : {true, false}) {
    append(1, 100);
    if (zeros)
      overwrite(file(offset{0}, ".log"), durable_bytes, byte_vector(100));
    else
      overwrite(file(offset{0}, ".log"), durable_bytes + 80, byte_vector{0xff});
    crash_and_reopen();
    BOOST_CHECK(held->log_end_offset() == offset{1});
    BOOST_CHECK_EQUAL(std::filesystem::file_size(file(offset{0}, ".log")), durable_bytes);
  }
}

BOOST_AUTO_TEST_CASE(D11_damage_below_the_durable_mark_is_named_and_nothing_is_cut) {
  open();
  for (int i = 0; i < 5; ++i)
    append(1, 100);
  sync();
  append(1, 100);
  const auto size = std::filesystem::file_size(file(offset{0}, ".log"));
  overwrite(file(offset{0}, ".log"), size / 2, byte_vector{0xff, 0xff});
  crash_and_reopen();
  BOOST_CHECK(troupe::log::is_error(held->damage(), errc::damaged_below_durable_mark));
  BOOST_CHECK(some_line_has(held->recovery().lines, {file(offset{0}, ".log"), "at byte", "durable"}));
  BOOST_CHECK_EQUAL(std::filesystem::file_size(file(offset{0}, ".log")), size);
  BOOST_CHECK(held->durable_end() == offset{5});
  // What lies before is served; what lies behind is an error, not an empty answer or an offset out of range.
  BOOST_CHECK_GT(read_bytes(offset{0}, 1 << 20, offset{5}).size(), 100);
  BOOST_CHECK(troupe::log::is_error(held->read(offset{4}, 1 << 20, offset{5}, true).error(),
                                    errc::damaged_below_durable_mark));
  BOOST_CHECK(troupe::log::is_error(try_append().error(), errc::damaged_below_durable_mark));
  BOOST_CHECK(held->is_offline());
  BOOST_CHECK(held->close());
  crash_and_reopen();
  BOOST_CHECK(held->damage());
}

BOOST_AUTO_TEST_CASE(a_log_that_ends_below_the_durable_mark_is_damaged_also_after_a_clean_stop) {
  open();
  append(1, 100);
  const auto first = std::filesystem::file_size(file(offset{0}, ".log"));
  append(1, 100);
  sync();
  for (const bool clean : {false, true}) {
    hints.clean_stop = clean;
    hints.recovery_point = offset{2};
    cut_file(file(offset{0}, ".log"), first);
    open();
    BOOST_CHECK(troupe::log::is_error(held->damage(), errc::damaged_below_durable_mark));
  }
  for (const auto& name : files())
    std::filesystem::remove(directory() + "/" + name);
  open();
  BOOST_CHECK(held->damage());
}

BOOST_AUTO_TEST_CASE(D19_two_batches_of_equal_size_that_changed_places_are_found) {
  open();
  append(1, 100);
  const auto size = std::filesystem::file_size(file(offset{0}, ".log"));
  append(1, 100);
  sync();
  const auto both = read_bytes(offset{0}, 1 << 20, offset{2});
  overwrite(file(offset{0}, ".log"), 0, bytes_view{both}.subspan(size));
  overwrite(file(offset{0}, ".log"), size, bytes_view{both}.first(size));
  crash_and_reopen();
  BOOST_CHECK(troupe::log::is_error(held->damage(), errc::damaged_below_durable_mark));
}

BOOST_AUTO_TEST_CASE(segments_behind_a_hole_in_what_was_not_durable_are_removed) {
  how.segment_bytes = 1000;
  open();
  append(1, 700);
  sync();
  for (int i = 0; i < 3; ++i)
    append(1, 700);
  std::filesystem::resize_file(file(offset{1}, ".log"), 100);
  crash_and_reopen();
  BOOST_CHECK(held->log_end_offset() == offset{1});
  BOOST_CHECK(!has_file(file(offset{2}, ".log")));
  BOOST_CHECK(some_line_has(held->recovery().lines, {file(offset{2}, ".log"), "removed"}));
  BOOST_CHECK(append(1, 700).base == offset{1});
}

// Found by power losses during a start (D20_deleting_records): of deleted segments some may come back.
BOOST_AUTO_TEST_CASE(a_hole_below_the_start_of_the_log_is_a_deletion_cut_short) {
  how.segment_bytes = 1000;
  open();
  for (int i = 0; i < 5; ++i)
    append(1, 700);
  sync();
  append(1, 700);
  std::filesystem::remove(file(offset{4}, ".log"));
  hints.recovery_point = hints.log_start_offset = offset{5};
  open();
  BOOST_CHECK(!held->damage());
  BOOST_CHECK((bases_from(held->log_start_offset()) == std::vector<std::int64_t>{5}));
  for (int base = 0; base < 5; ++base)
    for (const auto* suffix : {".log", ".index", ".timeindex"})
      BOOST_CHECK_MESSAGE(!has_file(file(offset{base}, suffix)), base << suffix);
  BOOST_CHECK(append().base == offset{6});
}

BOOST_AUTO_TEST_CASE(D17_a_missing_empty_odd_or_zeroed_index_is_built_anew) {
  how.segment_bytes = 5000;
  how.index_interval_bytes = 500;
  open();
  for (int i = 0; i < 20; ++i) {
    now += std::chrono::milliseconds{1};
    append(1, 300);
  }
  reopen();
  const auto expected = bases_from(offset{0});
  const auto some_time = to_ms(now) - 12;
  int active = 19;
  while (!has_file(file(offset{active}, ".log")))
    --active;
  const auto at = must(held->find_offset(some_time, offset{20})).at;
  must_succeed(held->close());
  for (const auto& suffix : {".index", ".timeindex"})
    for (const auto base : {offset{0}, offset{static_cast<std::int64_t>(active)}})
      for (int damage = 0; damage < 4; ++damage) {
        const auto path = file(base, suffix);
        const auto size = std::filesystem::file_size(path);
        BOOST_REQUIRE_GT(size, 0);
        if (damage == 0)
          std::filesystem::remove(path);
        else if (damage == 3)
          overwrite(path, 0, byte_vector(size));
        else
          cut_file(path, damage == 1 ? 0 : size - 1);
        open();
        BOOST_CHECK(bases_from(offset{0}, 700) == expected);
        BOOST_CHECK(must(held->find_offset(some_time, offset{20})).at == at);
        must_succeed(held->close());
        BOOST_CHECK_EQUAL(std::filesystem::file_size(path), size);
      }
}

BOOST_AUTO_TEST_CASE(D17_an_empty_active_segment_without_indexes_opens_after_any_stop) {
  how.segment_bytes = 1000;
  how.retention = std::chrono::milliseconds{10};
  open();
  append(1, 700);
  now += std::chrono::milliseconds{100};
  BOOST_CHECK_EQUAL(must(held->apply_retention(now, offset{1})).removed_segments, 1);
  BOOST_CHECK(has_file(file(offset{1}, ".log")));
  crash_and_reopen();
  BOOST_CHECK(held->log_end_offset() == offset{1});
  reopen();
  BOOST_CHECK(held->log_end_offset() == offset{1});
  BOOST_CHECK(append().base == offset{1});
}

BOOST_AUTO_TEST_CASE(an_index_that_points_nowhere_is_noticed_when_it_is_used) {
  how.index_interval_bytes = 300;
  open();
  for (int i = 0; i < 30; ++i)
    append(1, 200);
  must_succeed(held->close());
  auto raw = byte_vector(8);
  troupe::log::store_i32(raw, 0, 4);
  troupe::log::store_i32(raw, 4, 77);
  overwrite(file(offset{0}, ".index"), 8, raw);
  hints.clean_stop = true;
  hints.recovery_point = offset{30};
  open();
  BOOST_CHECK((bases_from(offset{5}, 300).front() == 5));
  BOOST_CHECK(some_line_has(held->take_notes(), {".index", "built anew"}));
}

BOOST_AUTO_TEST_CASE(D03_a_torn_or_missing_epoch_file_is_built_anew_from_the_batches) {
  how.segment_bytes = 1000;
  open();
  for (int e = 0; e < 6; ++e) {
    epoch = leader_epoch{e * 2};
    append(2, 300);
  }
  for (const bool clean : {true, false})
    for (const auto* content : {"", "0\n6\n0 0\n2 2\n4", "not a checkpoint", "missing"}) {
      sync();
      must_succeed(held->close());
      const auto path = directory() + "/leader-epoch-checkpoint";
      cut_file(path, 0);
      if (std::string{content} == "missing")
        std::filesystem::remove(path);
      else
        overwrite(path, 0, as_bytes(content));
      hints.clean_stop = clean;
      hints.recovery_point = offset{12};
      open();
      BOOST_CHECK(held->latest_epoch() == leader_epoch{10});
      for (int e = 0; e < 5; ++e)
        BOOST_CHECK(held->end_offset_for_epoch(leader_epoch{e * 2}).end == offset{e * 2 + 2});
    }
}

BOOST_AUTO_TEST_CASE(an_epoch_whose_file_was_not_written_in_time_is_read_from_the_batches) {
  how.segment_bytes = 1000;
  open();
  append(2, 300);
  sync();
  epoch = leader_epoch{5};
  for (int i = 0; i < 6; ++i)
    append(2, 300);
  // A ticket that never comes back: the file is the old one, or none.
  held->begin_sync();
  crash_and_reopen();
  BOOST_CHECK(held->latest_epoch() == leader_epoch{5});
  BOOST_CHECK(held->end_offset_for_epoch(leader_epoch{0}).end == offset{2});
  hints.recovery_point = offset{14};
  open();
  BOOST_CHECK(held->end_offset_for_epoch(leader_epoch{0}).end == offset{2});
}

BOOST_AUTO_TEST_CASE(D04_deduplication_over_five_batches_survives_any_stop) {
  how.segment_bytes = 1000;
  open();
  for (int i = 0; i < 12; ++i)
    must(append_from(producer_id{9}, 0, i * 3, 3));
  const auto check = [&] {
    for (int i = 7; i < 12; ++i) {
      const auto again = must(append_from(producer_id{9}, 0, i * 3, 3));
      BOOST_CHECK(again.duplicate);
      BOOST_CHECK(again.base == offset{i * 3});
    }
    BOOST_CHECK(troupe::log::is_error(append_from(producer_id{9}, 0, 6 * 3, 3).error(), errc::out_of_order_sequence));
    BOOST_CHECK(held->log_end_offset() == offset{36});
  };
  check();
  reopen();
  check();
  crash_and_reopen();
  check();
  // The newest snapshot is torn: an older one and the batches behind it tell the same; no snapshot at all, too.
  must_succeed(held->close());
  for (int times = 0; times < 2; ++times) {
    for (const auto& name : files())
      if (name.ends_with(".snapshot")) {
        if (times == 0 && name.find("36.snapshot") == std::string::npos)
          continue;
        cut_file(directory() + "/" + name, 7);
      }
    hints.clean_stop = true;
    open();
    BOOST_CHECK(some_line_has(held->recovery().lines, {".snapshot", "batches"}));
    check();
    must_succeed(held->close());
  }
}

BOOST_AUTO_TEST_CASE(D07_a_full_disk_during_recovery_fails_it_or_leaves_a_log_that_opens_later) {
  how.segment_bytes = 1000;
  how.index_interval_bytes = 100;
  open();
  for (int i = 0; i < 8; ++i)
    append(1, 300);
  hints.clean_stop = false;
  hints.recovery_point = offset{0};
  held.reset();
  disk.fails = [](call what, const std::string&) {
    return what == call::write ? std::optional{disk_errc::no_space} : std::nullopt;
  };
  auto full = troupe::log::log::open(disk, directory(), how, hints, now);
  if (full) {
    BOOST_CHECK((*full)->close());  // not clean: the indexes could not be written
  }
  disk.fails = nullptr;
  open();
  BOOST_CHECK_EQUAL(bases_from(offset{0}).size(), 8);
  must_succeed(held->close());
}

BOOST_AUTO_TEST_CASE(a_read_error_during_recovery_fails_the_opening_and_cuts_nothing) {
  open();
  append(1, 300);
  append(1, 300);
  const auto size = std::filesystem::file_size(file(offset{0}, ".log"));
  disk.fails = [](call what, const std::string& path) {
    return what == call::read && path.ends_with(".log") ? std::optional{disk_errc::io} : std::nullopt;
  };
  BOOST_CHECK(!troupe::log::log::open(disk, directory(), how, hints, now));
  BOOST_CHECK_EQUAL(std::filesystem::file_size(file(offset{0}, ".log")), size);
}

BOOST_AUTO_TEST_CASE(leftovers_of_a_crash_are_removed) {
  open();
  append();
  for (const auto* name : {"00000000000000000000.log.deleted", "leader-epoch-checkpoint.tmp"})
    must(disk.open(directory() + "/" + name, open_mode::create));
  must(disk.open(file(offset{77}, ".index"), open_mode::create));
  crash_and_reopen();
  for (const auto& name : files())
    BOOST_CHECK(!name.ends_with(".deleted") && !name.ends_with(".tmp") && name.find("77") == std::string::npos);
  BOOST_CHECK(some_line_has(held->recovery().lines, {"77.index"}));
}

BOOST_AUTO_TEST_CASE(C11_the_directory_of_another_topic_of_the_same_name_is_refused) {
  hints.topic.bytes[0] = 1;
  open();
  append();
  must_succeed(held->close());
  held.reset();
  hints.topic.bytes[0] = 2;
  BOOST_CHECK(troupe::log::is_error(troupe::log::log::open(disk, directory(), how, hints, now).error(),
                                    errc::wrong_topic));
}

BOOST_AUTO_TEST_SUITE_END()
