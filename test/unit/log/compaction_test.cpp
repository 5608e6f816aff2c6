#include "compaction_fixture.hpp"

#include "runtime/log/errors.hpp"
#include "runtime/log/file_names.hpp"
#include "runtime/posix/disk.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>

using namespace troupe;
using namespace troupe::log;
using namespace troupe::log::test;
using namespace std::chrono_literals;

namespace {

struct fixture {
  temporary_directory directory;
  std::unique_ptr<disk> on = posix::make_posix_disk();
  segments log{*on, directory.path().string()};

  std::string file(offset base, const std::string& suffix) const {
    return directory.path().string() + "/" + offset_file_name(base, suffix);
  }
  std::size_t file_count(const std::string& suffix) const {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator{directory.path()})
      count += entry.path().string().ends_with(suffix);
    return count;
  }
};

const auto at_100 = from_ms(100);
const auto none = std::nullopt;

// The lines of records only.
std::string records_of(const std::string& described) {
  std::string lines, line;
  std::istringstream text{described};
  while (std::getline(text, line))
    if (line.starts_with("  "))
      lines += line + "\n";
  return lines;
}

batch_fields of_producer(std::int64_t id, std::int32_t sequence, codec with = codec::none) {
  return {.compression = with, .producer = producer_id{id}, .producer_epoch = 1, .base_sequence = sequence};
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(compaction, fixture)

BOOST_AUTO_TEST_CASE(the_last_record_of_each_key_stays_at_its_offset_and_time) {
  log.append({{"a", "1", 10}, {"b", "1", 11}, {"a", "2", 12}});
  log.roll();
  log.append({{"b", "2", 13}});
  log.append({{"c", "1", 14}});
  log.roll();
  const auto files = log.compact(eager(), at_100);
  BOOST_TEST(records_of(log.described()) == "  2 at 12 x61 x32\n  3 at 13 x62 x32\n  4 at 14 x63 x31\n");
  BOOST_TEST((log.cleaned_to == log.end()));
  BOOST_TEST(files.counts.records_read == 5U);
  BOOST_TEST(files.counts.records_kept == 3U);
  BOOST_TEST(log.inactive().size() == 1U);  // small segments were joined
  BOOST_TEST(index_fault(*on, directory.path().string(), offset{0}) == "");
}

BOOST_AUTO_TEST_CASE(batches_keep_codec_offsets_producer_and_epoch) {
  for (const auto with : {codec::none, codec::gzip, codec::snappy, codec::lz4, codec::zstd}) {
    auto fields = of_producer(4, 20, with);
    fields.partition_leader_epoch = leader_epoch{6};
    log.append({{"a", "1", 10}, {"z" + std::string{to_string(with)}, "1", 11}, {"a", "2", 12}}, fields);
  }
  log.append({{"a", "3"}});
  log.roll();
  log.compact(eager(), at_100);
  const auto described = log.described();
  for (const auto* codec_name : {"none", "gzip", "snappy", "lz4", "zstd"})
    BOOST_TEST(described.find("epoch 6 codec " + std::string{codec_name}
                              + " time create max 11 producer 4/1/20..22 txn 0 control 0 horizon -1 count 1")
               != std::string::npos);
}

BOOST_AUTO_TEST_CASE(records_without_a_key_go_from_the_cleaned_part_only) {
  log.append({{none, "old"}, {"a", "1"}});
  log.roll();
  log.append({{none, "young"}});
  log.roll();
  log.stable_end = offset{2};
  const auto files = log.compact(eager(), at_100);
  BOOST_TEST(files.counts.records_without_key == 1U);
  BOOST_TEST(records_of(log.described()) == "  1 at 1000 x61 x31\n  2 at 1000 null x796f756e67\n");
}

BOOST_AUTO_TEST_CASE(C02_a_tombstone_gets_a_horizon_and_goes_when_it_has_passed) {
  log.append({{"a", "1", 10}, {"b", "1", 11}});
  log.append({{"a", none, 12}});
  log.append({{"end", "", 13}});
  log.roll();
  log.compact(eager(), at_100);
  BOOST_TEST(records_of(log.described()) == "  1 at 11 x62 x31\n  2 at 12 x61 null\n  3 at 13 x656e64 x\n");
  BOOST_TEST(log.described().find("horizon 1100 ") != std::string::npos);

  log.append({{"more", "1", 14}});
  log.roll();
  log.compact(eager(), from_ms(1099));  // one millisecond early
  BOOST_TEST(records_of(log.described()).find("  2 at 12 x61 null\n") != std::string::npos);
  log.append({{"more", "2", 15}});
  log.roll();
  log.compact(eager(), from_ms(1100));
  BOOST_TEST(records_of(log.described()).find("null") == std::string::npos);
  BOOST_TEST(log.table().count("a") == 0U);
}

BOOST_AUTO_TEST_CASE(a_value_after_a_tombstone_lives) {
  log.append({{"a", "1"}, {"a", none}, {"a", "2"}, {"b", none}});
  log.append({{"end", ""}});
  log.roll();
  log.compact(eager(), at_100);
  log.append({{"more", ""}});
  log.roll();
  log.compact(eager(), from_ms(5000));
  BOOST_TEST(log.table()["a"] == "2");
  BOOST_TEST(log.table().count("b") == 0U);
}

BOOST_AUTO_TEST_CASE(each_producers_last_batch_survives_without_its_records) {
  log.append({{"a", "1"}, {"a", "2"}}, of_producer(1, 0));
  const auto tail = log.append({{"a", "3"}}, of_producer(1, 2, codec::lz4));
  log.append({{"a", "4"}}, of_producer(2, 0));
  const auto other_tail = log.append({{"a", "5"}});
  log.roll();
  log.producers = {{producer_id{1}, tail}};
  log.compact(eager(), at_100);
  BOOST_TEST(log.described()
             == "batch 2..2 epoch -1 codec none time create max 1000 producer 1/1/2..2 txn 0 control 0 horizon -1 "
                "count 0\n"
                "batch 4..4 epoch -1 codec none time create max 1000 producer -1/-1/-1..-1 txn 0 control 0 horizon -1 "
                "count 1\n"
                "  4 at 1000 x61 x35\n");
  BOOST_TEST(other_tail.value == 4);

  log.append({{"b", ""}});
  log.roll();
  log.producers.clear();  // expired: now the empty batch may go
  log.compact(eager(), at_100);
  BOOST_TEST(log.described().find("count 0") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(C03_a_log_of_empty_batches_only_is_cleaned_once_and_left_in_peace) {
  std::vector<producer_tail> tails;
  for (int i = 0; i < 50; ++i) {
    tails.push_back({producer_id{i}, log.append({{"a", std::to_string(i)}}, of_producer(i, 0))});
    log.roll();
  }
  log.producers = tails;
  log.append({{"a", "last"}});
  log.roll();
  log.append({{"a", "really last"}});
  log.roll();
  log.compact(eager(), at_100);
  log.append({{"b", "1"}});
  log.roll();
  log.compact(eager(), at_100);
  BOOST_TEST((log.cleaned_to == log.end()));
  BOOST_TEST(!plan_compaction(log.input(), eager(), at_100).has_value());
  const auto described = log.described();
  for (int i = 0; i < 50; ++i)
    BOOST_TEST(described.find("producer " + std::to_string(i) + "/1/0..0") != std::string::npos);
  BOOST_TEST(log.table().size() == 2U);
}

BOOST_AUTO_TEST_CASE(C03_a_dirty_part_that_ends_in_a_gap_is_not_dirty_for_ever) {
  log.append({{"a", "1"}});
  log.skip_to(offset{50});
  log.roll();
  log.compact(eager(), at_100);
  BOOST_TEST(log.cleaned_to.value == 50);
  BOOST_TEST(!plan_compaction(log.input(), eager(), at_100).has_value());
}

BOOST_AUTO_TEST_CASE(C04_batches_above_todays_size_limit_are_cleaned_too) {
  const std::string big(3'000'000, 'x');  // max.message.bytes is no matter here
  log.append({{"a", big}, {"b", big}});
  log.append({{"a", big}, {"c", big}}, {.compression = codec::zstd});
  log.append({{"a", "small"}});
  log.roll();
  log.compact(eager(), at_100);
  BOOST_TEST(log.table().size() == 3U);
  BOOST_TEST(log.table()["a"] == "small");
  BOOST_TEST(log.table()["c"] == big);
}

BOOST_AUTO_TEST_CASE(D09_a_gap_of_more_than_two_billion_offsets_does_not_overflow_an_index) {
  constexpr std::int64_t far = 3'000'000'000;
  const std::string filler(200, 'x');
  auto rules = eager();
  rules.index_interval_bytes = 100;
  for (int i = 0; i < 20; ++i)
    log.append({{"k" + std::to_string(i), filler, i}});
  log.roll();
  log.skip_to(offset{far});
  log.append({{"k0", "new", 50}});
  for (int i = 0; i < 20; ++i)
    log.append({{"l" + std::to_string(i), filler, 60 + i}});
  log.append({{"l0", filler, 80}});
  log.roll();
  log.compact(rules, at_100);
  BOOST_TEST(log.table().size() == 40U);
  for (const auto& segment : log.inactive())
    BOOST_TEST(index_fault(*on, directory.path().string(), segment.base) == "");
}

BOOST_AUTO_TEST_CASE(D09_even_one_segment_with_such_a_gap_is_indexed_only_where_entries_can_tell) {
  const std::string filler(200, 'x');
  auto rules = eager();
  rules.index_interval_bytes = 100;
  for (int i = 0; i < 10; ++i)
    log.append({{"k" + std::to_string(i % 5), filler, i}});
  log.skip_to(offset{3'000'000'000});
  for (int i = 0; i < 10; ++i)
    log.append({{"k" + std::to_string(i), filler, 20 - i}});
  log.roll();
  log.compact(rules, at_100);
  BOOST_TEST(log.table().size() == 10U);
}

BOOST_AUTO_TEST_CASE(a_small_map_cleans_in_several_passes_to_the_same_end) {
  for (int i = 0; i < 300; ++i) {
    log.append({{"k" + std::to_string(i % 100), std::to_string(i)}});
    if (i % 10 == 9)
      log.roll();
  }
  log.append({{"end", ""}});
  log.roll();
  const auto before = log.table();
  int passes = 0;
  while (log.cleaned_to < log.end() && passes < 100) {
    log.compact(eager(), at_100, 0);
    ++passes;
  }
  BOOST_TEST(passes > 3);
  BOOST_TEST(passes < 100);
  BOOST_TEST((log.table() == before));
  const auto lines = records_of(log.described());
  BOOST_TEST(std::count(lines.begin(), lines.end(), '\n') == 101);
}

BOOST_AUTO_TEST_CASE(a_group_without_survivors_vanishes) {
  auto rules = eager();
  rules.segment_bytes_max = 1;  // each segment is a group
  for (const auto& [key, value] : {std::pair{"first", "1"}, {"a", "1"}, {"a", "2"}, {"b", "1"}}) {
    log.append({{key, value}});
    log.roll();
  }
  const auto files = log.compact(rules, at_100);
  BOOST_TEST(files.groups.size() == 1U);
  BOOST_TEST(log.inactive().size() == 3U);
  BOOST_TEST(!must(on->exists(file(offset{1}, ".log"))));
  BOOST_TEST(file_count(".cleaned") == 0U);
  BOOST_TEST(log.table().size() == 3U);
}

BOOST_AUTO_TEST_CASE(the_first_segment_stays_as_an_empty_batch_so_that_the_logs_start_does_not_move) {
  auto rules = eager();
  rules.segment_bytes_max = 1;
  for (const auto& [key, value] : {std::pair{"a", "1"}, {"a", "2"}, {"b", "1"}}) {
    log.append({{key, value}, {key, value}});
    log.roll();
  }
  log.compact(rules, at_100);
  BOOST_TEST(log.inactive().front().base.value == 0);
  BOOST_TEST(
      log.described().starts_with("batch 0..1 epoch -1 codec none time create max 1000 producer -1/-1/-1..-1 txn 0 "
                                  "control 0 horizon -1 count 0\nbatch 2..3 "));
  log.append({{"b", "2"}});
  log.roll();
  const auto files = log.compact(rules, at_100);
  for (const auto& group : files.groups)  // it is not written again and again
    BOOST_TEST(group.replaces.base().value != 0);
  BOOST_TEST(log.inactive().front().size_bytes == batch_header_bytes);
}

BOOST_AUTO_TEST_CASE(what_has_nothing_to_lose_is_not_replaced) {
  auto rules = eager();
  rules.segment_bytes_max = 1;
  log.append({{"a", "1"}});
  log.roll();
  log.append({{"b", "1"}});
  log.roll();
  const auto files = log.compact(rules, at_100);
  BOOST_TEST(files.groups.empty());
  BOOST_TEST((log.cleaned_to == log.end()));
  BOOST_TEST(file_count(".cleaned") == 0U);
}

BOOST_AUTO_TEST_CASE(control_batches_stay) {
  log.append({{"a", "1"}});
  log.append({{std::string{"\0\0\0\1", 4}, "marker"}},
             {.producer = producer_id{3}, .producer_epoch = 0, .control = true});
  log.append({{"a", "2"}});
  log.roll();
  log.compact(eager(), at_100);
  BOOST_TEST(log.described().find("control 1") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_batch_that_does_not_unpack_is_kept_and_the_rest_is_cleaned) {
  log.append({{"a", "1"}, {"a", "2"}});
  auto broken = bytes_of(make_batch({{"a", "3"}, {"b", "1"}}));
  broken[batch_field::attributes + 1] = static_cast<std::uint8_t>(codec::zstd);  // not zstd at all
  batch_header_patch patch{must(batch_view::parse(broken))};
  patch.set_times(timestamp_type::create_time, 1000);  // a sound checksum
  log.append(patch.joined());
  log.append({{"a", "4"}});
  log.roll();
  const auto files = log.compact(eager(), at_100);
  BOOST_TEST(files.counts.batches_unreadable == 1U);
  BOOST_TEST(files.counts.records_kept == 1U);
  BOOST_TEST((log.cleaned_to == log.end()));
}

BOOST_AUTO_TEST_CASE(damage_stops_the_pass_and_leaves_the_log_alone) {
  log.append({{"a", "1"}, {"a", "2"}});
  log.append({{"b", "1"}});
  log.roll();
  const std::uint8_t flipped[] = {0xff};
  const bytes_view part{flipped};
  auto target = must(on->open(file(offset{0}, ".log"), open_mode::read_write));
  must_succeed(target->write(70, std::span{&part, 1}));
  const auto result = clean(*plan_compaction(log.input(), eager(), at_100), *on);
  BOOST_REQUIRE(!result);
  BOOST_TEST(is_error(result.error(), errc::corrupt_batch));
  BOOST_TEST(render(result.error()).find("00000000000000000000.log at byte 0") != std::string::npos);
  BOOST_TEST(file_count(".cleaned") == 0U);
}

BOOST_AUTO_TEST_CASE(a_source_that_is_gone_makes_the_cleaning_obsolete) {
  log.append({{"a", "1"}});
  log.roll();
  log.append({{"a", "2"}});
  log.roll();
  const auto plan = *plan_compaction(log.input(), eager(), at_100);
  must_succeed(on->remove(file(offset{1}, ".log")));
  const auto result = clean(plan, *on);
  BOOST_REQUIRE(!result);
  BOOST_TEST(is_error(result.error(), errc::cleaning_obsolete));
}

BOOST_AUTO_TEST_CASE(groups_whose_sources_changed_meanwhile_are_left_out) {
  auto rules = eager();
  rules.segment_bytes_max = 1;
  for (int i = 0; i < 4; ++i) {
    log.append({{"a", std::to_string(i)}, {"k" + std::to_string(i), ""}});
    log.roll();
  }
  const auto files = must(clean(*plan_compaction(log.input(), rules, at_100), *on));
  BOOST_REQUIRE(files.groups.size() == 3U);
  auto now = log.inactive();
  now.erase(now.begin());  // retention took the first one
  const auto choice = choose_swaps(files, now, 0);
  BOOST_TEST(choice.fit.size() == 2U);
  BOOST_TEST(!choice.complete());
  BOOST_TEST(choose_swaps(files, log.inactive(), 1).fit.empty());  // a truncation
  drop_cleaned(*on, directory.path().string(), files.groups);
  BOOST_TEST(file_count(".cleaned") == 0U);
}

BOOST_AUTO_TEST_CASE(a_pass_goes_on_in_pieces_of_any_size) {
  for (int i = 0; i < 100; ++i) {
    log.append({{"k" + std::to_string(i % 7), std::to_string(i)}});
    if (i % 20 == 19)
      log.roll();
  }
  cleaning pass{*plan_compaction(log.input(), eager(), at_100), *on};
  int steps = 1;
  while (!must(pass.step(1)))
    ++steps;
  BOOST_TEST(steps >= 200);
  const auto before = log.table();
  log.apply(std::move(pass).take());
  BOOST_TEST((log.table() == before));
}

BOOST_AUTO_TEST_SUITE_END()
