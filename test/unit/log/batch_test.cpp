#include "bytes.hpp"

#include "runtime/log/errors.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>

using namespace troupe;
using namespace troupe::log;
using namespace troupe::log::test;

BOOST_AUTO_TEST_SUITE(batches)

BOOST_AUTO_TEST_CASE(crc32c_gives_the_published_check_value_and_continues) {
  const auto text = as_bytes("123456789");
  BOOST_TEST(crc32c(text) == 0xE3069283U);
  BOOST_TEST(crc32c(text.subspan(4), crc32c(text.first(4))) == 0xE3069283U);
  BOOST_TEST(crc32c({}) == 0U);
}

BOOST_AUTO_TEST_CASE(a_batch_is_found_at_the_start_of_its_bytes_and_what_follows_is_ignored) {
  auto bytes = bytes_of(make_batch({{"k", "v"}, {"k", "w"}}));
  const auto size = bytes.size();
  bytes.resize(size + 100);
  const auto batch = must(batch_view::parse(bytes));
  BOOST_TEST(batch.size() == size);
  BOOST_TEST(batch.record_count() == 2);
  BOOST_TEST(batch.last_offset().value == 1);
  BOOST_TEST(batch.check_crc());
}

BOOST_AUTO_TEST_CASE(any_cut_is_incomplete_and_never_read_beyond) {
  const auto whole = bytes_of(make_batch({{"key", "value"}}));
  for (std::size_t n = 0; n < whole.size(); ++n) {
    const byte_vector cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n));
    const auto batch = batch_view::parse(cut);
    BOOST_REQUIRE(!batch);
    BOOST_TEST(is_error(batch.error(), errc::incomplete_batch));
  }
}

BOOST_AUTO_TEST_CASE(old_message_formats_are_named_as_unsupported) {
  for (const std::uint8_t magic : {0, 1, 3}) {
    auto bytes = bytes_of(make_batch({{"k", "v"}}));
    bytes[batch_field::magic] = magic;
    const auto batch = batch_view::parse(bytes);
    BOOST_REQUIRE(!batch);
    BOOST_TEST(is_error(batch.error(), errc::unsupported_format));
  }
}

BOOST_AUTO_TEST_CASE(a_length_below_the_header_is_corrupt) {
  for (const std::uint8_t low : {0, 48}) {
    auto bytes = bytes_of(make_batch({{"k", "v"}}));
    bytes[11] = low;
    const auto batch = batch_view::parse(bytes);
    BOOST_REQUIRE(!batch);
    BOOST_TEST(is_error(batch.error(), errc::corrupt_batch));
  }
}

BOOST_AUTO_TEST_CASE(each_flipped_bit_under_the_crc_is_noticed) {
  const auto whole = bytes_of(make_batch({{"key", "value"}}));
  for (std::size_t i = batch_field::crc; i < whole.size(); ++i) {
    auto bytes = whole;
    bytes[i] ^= 0x10;
    BOOST_TEST(!must(batch_view::parse(bytes)).check_crc());
  }
}

BOOST_AUTO_TEST_CASE(header_checks_refuse_offsets_and_counts_that_cannot_be) {
  const auto refused = [](auto change) {
    auto bytes = bytes_of(make_batch({{"k", "v"}, {"k", "w"}}));
    change(bytes);
    return static_cast<bool>(must(batch_view::parse(bytes)).check_header());
  };
  BOOST_TEST(!refused([](byte_vector&) {}));
  BOOST_TEST(refused([](byte_vector& b) { b[batch_field::base_offset] = 0x80; }));
  BOOST_TEST(refused([](byte_vector& b) { b[batch_field::last_offset_delta] = 0xff; }));
  BOOST_TEST(refused([](byte_vector& b) { b[batch_field::record_count] = 0xff; }));
  BOOST_TEST(refused([](byte_vector& b) { b[batch_field::record_count + 3] = 3; }));
  BOOST_TEST(refused([](byte_vector& b) { b[batch_field::attributes + 1] = 5; }));
  BOOST_TEST(refused([](byte_vector& b) {
    std::fill(b.begin(), b.begin() + 8, 0xff);
    b[0] = 0x7f;
  }));
}

BOOST_AUTO_TEST_CASE(a_patch_changes_offset_and_epoch_without_touching_the_crc) {
  const auto original = make_batch({{"k", "v"}});
  batch_header_patch patch{view(original)};
  patch.set_base_offset(offset{1'000'000'000'000});
  patch.set_leader_epoch(leader_epoch{12});
  const auto joined = patch.joined();
  const auto batch = view(joined);
  BOOST_TEST(batch.base_offset().value == 1'000'000'000'000);
  BOOST_TEST(batch.partition_leader_epoch().value == 12);
  BOOST_TEST(batch.crc() == view(original).crc());
  BOOST_TEST(batch.check_crc());
}

BOOST_AUTO_TEST_CASE(stamping_the_append_time_keeps_the_crc_right) {
  const auto original = make_batch({{"k", "v", 5}}, {.compression = codec::lz4});
  batch_header_patch patch{view(original)};
  patch.stamp_append_time(from_ms(77));
  const auto joined = patch.joined();
  const auto batch = view(joined);
  BOOST_TEST((batch.time_type() == timestamp_type::log_append_time));
  BOOST_TEST(batch.max_timestamp_ms() == 77);
  BOOST_TEST((*batch.compression() == codec::lz4));
  BOOST_TEST(batch.check_crc());
}

BOOST_AUTO_TEST_CASE(a_run_steps_over_whole_batches_and_stops_before_a_torn_one) {
  const auto a = make_batch({{"a", "1"}});
  const auto b = make_batch({{"b", "2"}, {"c", "3"}}, {.base_offset = offset{1}});
  auto bytes = bytes_of(a);
  bytes.insert(bytes.end(), b.view().begin(), b.view().end());
  bytes.resize(bytes.size() - 1);
  batch_run run{bytes};
  BOOST_TEST(must(run.next())->base_offset().value == 0);
  BOOST_TEST(!must(run.next()).has_value());
  BOOST_TEST(run.position() == a.size());
  BOOST_TEST(run.rest().size() == b.size() - 1);
}

BOOST_AUTO_TEST_CASE(sequences_wrap_to_zero_as_kafkas_do) {
  const auto batch = make_batch(
      {{"a", "1"}, {"b", "2"}, {"c", "3"}},
      {.producer = producer_id{1}, .producer_epoch = 0, .base_sequence = std::numeric_limits<std::int32_t>::max() - 1});
  BOOST_TEST(view(batch).last_sequence() == 0);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(records)

BOOST_AUTO_TEST_CASE(every_field_of_a_record_comes_back) {
  batch_builder builder{{.base_offset = offset{10}}};
  const auto header_value = bytes_of("yes");
  const header_view headers[] = {{as_bytes("a"), bytes_view{header_value}}, {as_bytes(""), std::nullopt}};
  builder.add({.timestamp_ms = 1'700'000'000'000, .key = as_bytes("key"), .value = std::nullopt, .headers = headers});
  builder.add_at(5, {.timestamp_ms = 1'600'000'000'000, .key = std::nullopt, .value = as_bytes("")});
  builder.set_last_offset_delta(9);
  const auto bytes = must(std::move(builder).finish());
  BOOST_TEST(describe(bytes)
             == "batch 10..19 epoch -1 codec none time create max 1700000000000 producer -1/-1/-1..-1 txn 0 control 0 "
                "horizon -1 count 2\n"
                "  10 at 1700000000000 x6b6579 null a=x796573 =null\n"
                "  15 at 1600000000000 null x\n");
}

BOOST_AUTO_TEST_CASE(an_empty_batch_is_a_header_that_keeps_offsets_and_producer) {
  const auto full = make_batch({{"a", "1"}, {"b", "2"}}, {.base_offset = offset{7},
                                                          .compression = codec::zstd,
                                                          .producer = producer_id{3},
                                                          .producer_epoch = 1,
                                                          .base_sequence = 4});
  batch_builder builder{batch_fields::like(view(full))};
  builder.set_last_offset_delta(1);
  builder.set_max_timestamp(55);
  const auto empty = must(std::move(builder).finish());
  BOOST_TEST(empty.size() == batch_header_bytes);
  BOOST_TEST(describe(empty)
             == "batch 7..8 epoch -1 codec none time create max 55 producer 3/1/4..5 txn 0 control 0 horizon -1 count "
                "0\n");
}

BOOST_AUTO_TEST_CASE(counts_that_do_not_match_the_bytes_are_refused_both_ways) {
  const auto batch = make_batch({{"a", "1"}, {"b", "2"}});
  const auto records = view(batch).records();
  for (const std::int32_t count : {0, 1, 3, -1}) {
    record_run run{records, count};
    auto record = run.next();
    while (record && *record)
      record = run.next();
    BOOST_TEST(!record);
  }
}

BOOST_AUTO_TEST_CASE(hostile_lengths_inside_a_record_never_reach_outside_of_it) {
  const auto batch = make_batch({{"key", "value"}, {"other", std::nullopt}});
  const auto records = bytes_of(view(batch).records());
  for (std::size_t i = 0; i < records.size(); ++i)
    for (int value = 0; value < 256; ++value) {
      auto changed = records;
      changed[i] = static_cast<std::uint8_t>(value);
      record_run run{changed, 2};
      for (auto record = run.next(); record && *record; record = run.next()) {
        const auto inside = [&](const nullable_bytes& part) {
          return !part || part->empty()
                 || (part->data() >= changed.data() && part->data() + part->size() <= changed.data() + changed.size());
        };
        BOOST_REQUIRE(inside((*record)->key) && inside((*record)->value));
        BOOST_REQUIRE(static_cast<std::size_t>((*record)->header_count) == (*record)->headers().size());
      }
    }
}

BOOST_AUTO_TEST_SUITE_END()
