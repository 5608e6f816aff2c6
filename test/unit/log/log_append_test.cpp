#include "log_fixture.hpp"

using namespace troupe;
using namespace troupe::log::test;
using troupe::log::errc;

BOOST_FIXTURE_TEST_SUITE(log_append, log_fixture)

BOOST_AUTO_TEST_CASE(an_empty_log_leaves_nothing_on_the_disk) {
  open();
  BOOST_CHECK(!has_file(directory()));
  BOOST_CHECK(held->log_end_offset() == offset{0});
  must_succeed(held->close());
  BOOST_CHECK(!has_file(directory()));
}

BOOST_AUTO_TEST_CASE(offsets_are_dense_and_batches_are_stored_as_received_but_for_offset_and_epoch) {
  open();
  epoch = leader_epoch{7};
  const auto sent = make_batch({{"a", "1", 999'990}, {"b", "2", 999'991}});
  BOOST_CHECK(append(3).base == offset{0});
  const auto done = must(held->append_as_leader(sent, epoch, now));
  BOOST_CHECK(done.base == offset{3});
  BOOST_CHECK(done.last == offset{4});
  BOOST_CHECK_EQUAL(done.log_append_time_ms, -1);
  auto stored = read_bytes(offset{3}, 1 << 20, offset{5});
  const auto batch = must(troupe::log::batch_view::parse(stored));
  BOOST_CHECK(batch.base_offset() == offset{3});
  BOOST_CHECK(batch.partition_leader_epoch() == leader_epoch{7});
  BOOST_CHECK(std::equal(stored.begin() + 16, stored.end(), sent.view().begin() + 16, sent.view().end()));
}

BOOST_AUTO_TEST_CASE(one_append_is_one_write_and_no_read) {
  open();
  append();
  const auto writes = disk.writes, reads = disk.reads, opens = disk.opens;
  for (int i = 0; i < 100; ++i)
    append(10, 1000);
  BOOST_CHECK_EQUAL(disk.writes - writes, 100);
  BOOST_CHECK_EQUAL(disk.reads - reads, 0);
  BOOST_CHECK_EQUAL(disk.opens - opens, 0);
}

BOOST_AUTO_TEST_CASE(log_append_time_replaces_the_clients_times) {
  how.message_timestamp_type = troupe::log::timestamp_type::log_append_time;
  open();
  const auto done = must(held->append_as_leader(make_batch({{"a", "1", 5}}), epoch, now));
  BOOST_CHECK_EQUAL(done.log_append_time_ms, to_ms(now));
  const auto stored = read_bytes(offset{0}, 1 << 20, offset{1});
  const auto batch = must(troupe::log::batch_view::parse(stored));
  BOOST_CHECK(batch.check_crc());
  BOOST_CHECK_EQUAL(batch.max_timestamp_ms(), to_ms(now));
}

BOOST_AUTO_TEST_CASE(a_refused_batch_leaves_the_log_as_it_was) {
  how.max_message_bytes = 2000;
  open();
  append();
  BOOST_CHECK(troupe::log::is_error(try_append(1, 5000).error(), errc::batch_too_large));
  how.max_message_bytes = 1 << 20;
  how.segment_bytes = 1000;
  held->set_options(how);
  BOOST_CHECK(troupe::log::is_error(try_append(1, 5000).error(), errc::batch_exceeds_segment));
  BOOST_CHECK(held->log_end_offset() == offset{1});
  BOOST_CHECK(append().base == offset{1});
}

BOOST_AUTO_TEST_CASE(segments_roll_by_size_and_get_both_indexes_and_a_producer_snapshot) {
  how.segment_bytes = 2000;
  open();
  for (int i = 0; i < 10; ++i)
    append(1, 600);
  BOOST_CHECK_GT(held->segment_count(), 3);
  for (const auto suffix : {".log", ".index", ".timeindex"})
    BOOST_CHECK(has_file(file(offset{0}, suffix)));
  const auto second = bases_from(offset{0}).at(2);
  BOOST_CHECK(has_file(file(offset{second}, ".log")));
  BOOST_CHECK(has_file(file(offset{second}, ".snapshot")));
  BOOST_CHECK_EQUAL(bases_from(offset{0}).size(), 10);
}

BOOST_AUTO_TEST_CASE(segments_roll_by_the_age_of_their_records) {
  how.segment_age = std::chrono::milliseconds{1000};
  open();
  append();
  now += std::chrono::milliseconds{1000};
  append();
  BOOST_CHECK_EQUAL(held->segment_count(), 1);
  now += std::chrono::milliseconds{1};
  append();
  BOOST_CHECK_EQUAL(held->segment_count(), 2);
}

BOOST_AUTO_TEST_CASE(a_full_index_rolls_the_segment) {
  how.segment_index_bytes = 48;  // six offsets or four times
  how.index_interval_bytes = 100;
  open();
  for (int i = 0; i < 40; ++i) {
    now += std::chrono::milliseconds{1};
    append(1, 200);
  }
  BOOST_CHECK_GT(held->segment_count(), 5);
  BOOST_CHECK_LE(std::filesystem::file_size(file(offset{0}, ".timeindex")), 48);
  BOOST_CHECK_EQUAL(bases_from(offset{0}).size(), 40);
}

BOOST_AUTO_TEST_CASE(D09_a_gap_of_more_than_two_to_the_31_goes_into_a_new_segment) {
  how.cleanup_compact = true;
  open();
  append();
  troupe::log::batch_fields far;
  far.base_offset = offset{5'000'000'000};
  must(held->append_as_follower(make_batch({{"k", "v", to_ms(now)}}, far), now));
  BOOST_CHECK_EQUAL(held->segment_count(), 2);
  BOOST_CHECK(has_file(file(far.base_offset, ".log")));
  BOOST_CHECK((bases_from(offset{0}) == std::vector<std::int64_t>{0, 5'000'000'000}));
  reopen();
  BOOST_CHECK(held->log_end_offset() == offset{5'000'000'001});
}

BOOST_AUTO_TEST_CASE(a_follower_keeps_offsets_and_epochs_and_writes_a_train_of_batches_with_one_call) {
  open();
  byte_vector train;
  for (int i = 0; i < 5; ++i) {
    troupe::log::batch_fields fields;
    fields.base_offset = offset{i * 2};
    fields.partition_leader_epoch = leader_epoch{i / 2};
    const auto batch = make_batch({{"a", "1", to_ms(now)}, {"b", "2", to_ms(now)}}, fields);
    train.insert(train.end(), batch.view().begin(), batch.view().end());
  }
  const auto whole = train.size();
  train.resize(whole + 30, 0);  // the answer was cut inside a batch
  std::copy_n(train.begin(), 30, train.begin() + static_cast<std::ptrdiff_t>(whole));
  must_succeed(disk.make_directories(directory()));
  const auto done = must(held->append_as_follower(byte_slice::adopt(std::move(train)), now));
  BOOST_CHECK(done.base == offset{0});
  BOOST_CHECK(done.last == offset{9});
  BOOST_CHECK_EQUAL(disk.writes, 1);
  BOOST_CHECK(held->epoch_at(offset{3}) == leader_epoch{0});
  BOOST_CHECK(held->epoch_at(offset{4}) == leader_epoch{1});
  BOOST_CHECK(held->end_offset_for_epoch(leader_epoch{1}).end == offset{8});
  BOOST_CHECK((bases_from(offset{0}) == std::vector<std::int64_t>{0, 2, 4, 6, 8}));
}

BOOST_AUTO_TEST_CASE(a_follower_refuses_a_corrupt_batch_and_one_that_does_not_follow) {
  open();
  append(2);
  troupe::log::batch_fields fields;
  fields.base_offset = offset{1};
  BOOST_CHECK(troupe::log::is_error(held->append_as_follower(make_batch({{"a", "1"}}, fields), now).error(),
                                    errc::offset_out_of_range));
  fields.base_offset = offset{2};
  auto bytes = bytes_of(make_batch({{"a", "1"}}, fields).view());
  bytes.back() ^= 1;
  BOOST_CHECK(troupe::log::is_error(held->append_as_follower(byte_slice::adopt(std::move(bytes)), now).error(),
                                    errc::corrupt_batch));
  BOOST_CHECK(held->log_end_offset() == offset{2});
}

BOOST_AUTO_TEST_CASE(D05_after_a_failed_write_the_next_append_is_refused_and_reads_go_on) {
  open();
  append(3);
  disk.fails = [n = 0](call what, const std::string&) mutable {
    return what == call::write && n++ == 0 ? std::optional{disk_errc::io} : std::nullopt;
  };
  BOOST_CHECK(troupe::log::is_error(try_append().error(), errc::storage_failed));
  BOOST_CHECK(held->is_offline());
  BOOST_CHECK(troupe::log::is_error(try_append().error(), errc::log_offline));
  BOOST_CHECK(held->log_end_offset() == offset{3});
  BOOST_CHECK_EQUAL(bases_from(offset{0}).size(), 1);
  BOOST_CHECK(held->close());
}

BOOST_AUTO_TEST_CASE(a_full_disk_refuses_the_batch_and_takes_the_next_when_there_is_room_again) {
  open();
  append(3);
  bool full = true;
  disk.fails = [&](call what, const std::string&) {
    return what == call::write && full ? std::optional{disk_errc::no_space} : std::nullopt;
  };
  BOOST_CHECK(troupe::log::is_error(try_append(1, 300).error(), errc::no_space));
  BOOST_CHECK(!held->is_offline());
  full = false;
  BOOST_CHECK(append().base == offset{3});
  BOOST_CHECK((bases_from(offset{0}) == std::vector<std::int64_t>{0, 3}));
  crash_and_reopen();
  BOOST_CHECK(held->log_end_offset() == offset{4});
  BOOST_CHECK_EQUAL(held->recovery().cut_bytes, 0);
}

BOOST_AUTO_TEST_CASE(a_roll_that_fails_for_want_of_handles_or_space_is_tried_again) {
  how.segment_bytes = 1000;
  open();
  append(1, 700);
  for (const auto code : {disk_errc::no_space, disk_errc::out_of_handles}) {
    disk.fails = [&](call what, const std::string&) { return what == call::open ? std::optional{code} : std::nullopt; };
    BOOST_CHECK(!try_append(1, 700));
    BOOST_CHECK(!held->is_offline());
  }
  disk.fails = nullptr;
  BOOST_CHECK(append(1, 700).base == offset{1});
  BOOST_CHECK_EQUAL(held->segment_count(), 2);
  reopen();
  BOOST_CHECK_EQUAL(bases_from(offset{0}).size(), 2);
}

BOOST_AUTO_TEST_CASE(only_what_a_ticket_covered_is_durable) {
  open();
  append(2);
  auto ticket = held->begin_sync();
  append(2);
  BOOST_CHECK(held->durable_end() == offset{0});
  held->finish_sync(ticket);
  BOOST_CHECK(held->durable_end() == offset{2});
  BOOST_CHECK_GT(held->unsynced_bytes(), 0);
  held->finish_sync(ticket);
  BOOST_CHECK(held->durable_end() == offset{2});
  sync();
  BOOST_CHECK(held->durable_end() == offset{4});
  BOOST_CHECK_EQUAL(held->unsynced_bytes(), 0);
}

BOOST_AUTO_TEST_CASE(D01_the_ticket_after_the_first_append_and_after_a_roll_has_the_directories_and_all_files) {
  how.segment_bytes = 1000;
  open();
  append(1, 700);
  auto ticket = held->begin_sync();
  BOOST_CHECK((ticket.directories == std::vector<std::string>{directory(), parent_path(directory())}));
  held->finish_sync(ticket);
  append(1, 700);
  ticket = held->begin_sync();
  BOOST_CHECK((ticket.directories == std::vector<std::string>{directory()}));
  BOOST_CHECK_EQUAL(ticket.files.size(), 4);  // the new segment; indexes of the old one; the producers
  held->finish_sync(ticket);
  append(1, 10);
  ticket = held->begin_sync();
  BOOST_CHECK(ticket.directories.empty());
  BOOST_CHECK_EQUAL(ticket.files.size(), 1);
}

BOOST_AUTO_TEST_CASE(D10_a_failed_sync_takes_the_log_offline_for_good) {
  open();
  append(2);
  auto ticket = held->begin_sync();
  held->go_offline(make_error(disk_errc::io, "sync failed"));
  BOOST_CHECK(held->durable_end() == offset{0});
  BOOST_CHECK(troupe::log::is_error(try_append().error(), errc::log_offline));
  BOOST_CHECK_EQUAL(bases_from(offset{0}).size(), 1);
  BOOST_CHECK(held->close());
  BOOST_CHECK(held->durable_end() == offset{0});
}

BOOST_AUTO_TEST_CASE(flush_messages_and_flush_ms_make_a_sync_due) {
  how.flush_messages = 3;
  how.flush_age = std::chrono::milliseconds{50};
  open();
  append(2);
  BOOST_CHECK(!held->sync_due(now));
  BOOST_CHECK(held->sync_due(now + std::chrono::milliseconds{50}));
  append(1);
  BOOST_CHECK(held->sync_due(now));
  sync();
  BOOST_CHECK(!held->sync_due(now + std::chrono::hours{1}));
}

BOOST_AUTO_TEST_SUITE_END()
