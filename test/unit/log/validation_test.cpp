#include "bytes.hpp"

#include "runtime/base/bounds.hpp"
#include "runtime/log/errors.hpp"
#include "runtime/log/validation.hpp"

#include <boost/test/unit_test.hpp>

using namespace troupe;
using namespace troupe::log;
using namespace troupe::log::test;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t now_ms = 1'700'000'000'000;

byte_slice batch_at(std::vector<std::int64_t> times, batch_fields fields = {}) {
  std::vector<simple_record> records;
  for (const auto ms : times)
    records.push_back({"key", "value", ms});
  return make_batch(records, fields);
}

expected<valid_batch> check(const byte_slice& batch, const batch_rules& rules = {}) {
  return validate_batch(batch, rules, from_ms(now_ms));
}

bool refused_as(errc code, const byte_slice& batch, const batch_rules& rules = {}) {
  const auto result = check(batch, rules);
  if (result)
    return false;
  BOOST_TEST_INFO(render(result.error()));
  return is_error(result.error(), code);
}

// The batch with changed header bytes and a CRC that fits again.
template <class Change>
byte_slice changed(const byte_slice& batch, Change change) {
  auto bytes = bytes_of(batch);
  change(bytes);
  const auto crc = crc32c(bytes_view{bytes}.subspan(batch_field::attributes));
  for (int i = 0; i < 4; ++i)
    bytes[batch_field::crc + static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(crc >> (24 - 8 * i));
  return byte_slice::adopt(std::move(bytes));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(validation)

BOOST_AUTO_TEST_CASE(a_sound_batch_is_taken_as_it_is_without_a_copy) {
  const auto batch = batch_at({now_ms, now_ms + 5}, {.compression = codec::lz4});
  const auto valid = must(check(batch));
  BOOST_TEST(valid.bytes.data() == batch.data());
  BOOST_TEST(valid.max_timestamp_ms == now_ms + 5);
  BOOST_TEST(valid.last_offset_delta == 1);
  BOOST_TEST((valid.patch.joined() == batch));
}

BOOST_AUTO_TEST_CASE(exactly_one_batch_is_taken) {
  const auto one = batch_at({now_ms});
  auto two = bytes_of(one);
  two.insert(two.end(), one.view().begin(), one.view().end());
  BOOST_TEST(refused_as(errc::invalid_record, byte_slice::copy_of(two)));
  BOOST_TEST(refused_as(errc::corrupt_batch, byte_slice{}));
  BOOST_TEST(refused_as(errc::corrupt_batch, one.sub(0, one.size() - 1)));
}

BOOST_AUTO_TEST_CASE(size_format_and_checksum_are_looked_at) {
  const auto batch = batch_at({now_ms});
  BOOST_TEST(refused_as(errc::batch_too_large, batch, {.batch_bytes_max = batch.size() - 1}));
  BOOST_TEST(!refused_as(errc::batch_too_large, batch, {.batch_bytes_max = batch.size()}));
  auto torn = bytes_of(batch);
  torn.back() ^= 1;
  BOOST_TEST(refused_as(errc::corrupt_batch, byte_slice::copy_of(torn)));
  auto old = bytes_of(batch);
  old[batch_field::magic] = 1;
  BOOST_TEST(refused_as(errc::unsupported_format, byte_slice::copy_of(old)));
}

BOOST_AUTO_TEST_CASE(counts_and_offsets_must_agree) {
  const auto batch = batch_at({now_ms, now_ms});
  BOOST_TEST(refused_as(errc::invalid_record, changed(batch, [](auto& b) { b[batch_field::record_count + 3] = 1; })));
  BOOST_TEST(refused_as(errc::invalid_record, changed(batch, [](auto& b) { b[batch_field::record_count + 3] = 0; })));
  const auto claims_256 = changed(batch, [](auto& b) {
    b[batch_field::last_offset_delta + 3] = 0xff;
    b[batch_field::record_count + 3] = 0;
    b[batch_field::record_count + 2] = 1;
  });
  BOOST_TEST(refused_as(errc::corrupt_batch, claims_256));
  BOOST_TEST(refused_as(errc::invalid_record, changed(batch, [](auto& b) { b[batch_field::base_offset + 7] = 1; })));
  BOOST_TEST(
      refused_as(errc::unsupported_compression, changed(batch, [](auto& b) { b[batch_field::attributes + 1] = 7; })));
}

BOOST_AUTO_TEST_CASE(a_client_may_not_write_control_records_nor_call_its_times_the_brokers) {
  BOOST_TEST(refused_as(errc::invalid_record, batch_at({now_ms}, {.control = true})));
  BOOST_TEST(refused_as(errc::invalid_timestamp, batch_at({now_ms}, {.time_type = timestamp_type::log_append_time})));
}

BOOST_AUTO_TEST_CASE(a_producer_needs_epoch_and_sequence) {
  const auto with = [](std::int64_t id, std::int16_t epoch, std::int32_t sequence, bool transactional = false) {
    return batch_at({now_ms}, {.producer = producer_id{id},
                               .producer_epoch = epoch,
                               .base_sequence = sequence,
                               .transactional = transactional});
  };
  BOOST_TEST(!refused_as(errc::invalid_record, with(5, 0, 0)));
  BOOST_TEST(refused_as(errc::invalid_record, with(5, -1, 0)));
  BOOST_TEST(refused_as(errc::invalid_record, with(5, 0, -1)));
  BOOST_TEST(refused_as(errc::invalid_record, with(-2, 0, 0)));
  BOOST_TEST(refused_as(errc::invalid_record, with(-1, -1, -1, true)));
}

BOOST_AUTO_TEST_CASE(timestamps_are_bounded_on_both_sides_for_each_record) {
  batch_rules rules{.before_max = 1000ms, .after_max = 500ms};
  BOOST_TEST(!refused_as(errc::invalid_timestamp, batch_at({now_ms - 1000, now_ms + 500}), rules));
  BOOST_TEST(refused_as(errc::invalid_timestamp, batch_at({now_ms, now_ms + 501}), rules));
  BOOST_TEST(refused_as(errc::invalid_timestamp, batch_at({now_ms, now_ms - 1001, now_ms}), rules));
  BOOST_TEST(!refused_as(errc::invalid_timestamp, batch_at({no_timestamp}), rules));
  BOOST_TEST(refused_as(errc::invalid_timestamp, batch_at({now_ms + 3'600'001})));
  BOOST_TEST(!refused_as(errc::invalid_timestamp, batch_at({0, now_ms + 3'600'000})));
  rules = {.after_max = std::chrono::milliseconds::max()};
  BOOST_TEST(!refused_as(errc::invalid_timestamp, batch_at({INT64_MAX}), rules));
}

BOOST_AUTO_TEST_CASE(the_records_at_fault_are_named) {
  const auto places = [](const byte_slice& batch, const batch_rules& rules) {
    std::vector<std::int32_t> result;
    for (const auto& one : rejected_records(batch, rules, from_ms(now_ms)))
      result.push_back(one.index);
    return result;
  };
  using list = std::vector<std::int32_t>;
  const batch_rules rules{.before_max = 1000ms, .after_max = 500ms};
  BOOST_TEST((places(batch_at({now_ms, now_ms + 501, now_ms, now_ms - 1001}), rules) == list{1, 3}));
  BOOST_TEST((places(batch_at({now_ms}), rules) == list{}));
  BOOST_TEST((places(batch_at({now_ms + 501}, {.time_type = timestamp_type::log_append_time}), rules) == list{}));
  const auto many = batch_at(std::vector<std::int64_t>(bounds::rejected_records_max + 1, now_ms + 501));
  BOOST_TEST(places(many, rules).size() == bounds::rejected_records_max);
}

BOOST_AUTO_TEST_CASE(a_topic_with_append_times_ignores_the_clients_and_stamps_its_own) {
  const batch_rules rules{.time_type = timestamp_type::log_append_time, .before_max = 1ms};
  const auto valid = must(check(batch_at({5, 6}, {.compression = codec::zstd}), rules));
  const auto joined = valid.patch.joined();
  BOOST_TEST(valid.max_timestamp_ms == now_ms);
  BOOST_TEST(view(joined).max_timestamp_ms() == now_ms);
  BOOST_TEST((view(joined).time_type() == timestamp_type::log_append_time));
  BOOST_TEST(view(joined).check_crc());
}

BOOST_AUTO_TEST_CASE(a_compacted_topic_wants_a_key_in_every_record_whatever_the_codec) {
  for (const auto with : {codec::none, codec::gzip, codec::snappy, codec::lz4, codec::zstd}) {
    const auto good = make_batch({{"a", "1", now_ms}, {"", std::nullopt, now_ms}}, {.compression = with});
    const auto bad = make_batch({{"a", "1", now_ms}, {std::nullopt, "2", now_ms}}, {.compression = with});
    BOOST_TEST(!refused_as(errc::invalid_record, good, {.keys_required = true}));
    BOOST_TEST(refused_as(errc::invalid_record, bad, {.keys_required = true}));
    BOOST_TEST(!refused_as(errc::invalid_record, bad));
  }
}

BOOST_AUTO_TEST_CASE(offsets_inside_must_be_sequential_where_records_are_looked_at) {
  batch_builder builder{{}};
  builder.add_at(0, {.timestamp_ms = now_ms, .key = as_bytes("a")});
  builder.add_at(3, {.timestamp_ms = now_ms, .key = as_bytes("a")});
  const auto gap =
      changed(must(std::move(builder).finish()), [](auto& b) { b[batch_field::last_offset_delta + 3] = 1; });
  BOOST_TEST(refused_as(errc::invalid_record, gap, {.keys_required = true}));
}

BOOST_AUTO_TEST_CASE(another_codec_of_the_topic_packs_the_same_records_anew) {
  const batch_fields fields{.partition_leader_epoch = leader_epoch{3},
                            .compression = codec::gzip,
                            .producer = producer_id{8},
                            .producer_epoch = 1,
                            .base_sequence = 40};
  const auto batch = batch_at({now_ms - 3, now_ms + 2, now_ms}, fields);
  const auto records_of = [](const std::string& described) { return described.substr(described.find('\n')); };
  for (const auto to : {codec::none, codec::snappy, codec::lz4, codec::zstd}) {
    const auto valid = must(check(batch, {.compression = to}));
    const auto joined = valid.patch.joined();
    BOOST_TEST((*view(joined).compression() == to));
    BOOST_TEST(records_of(describe(joined)) == records_of(describe(batch)));
    BOOST_TEST(view(joined).base_sequence() == 40);
    BOOST_TEST(valid.max_timestamp_ms == now_ms + 2);
    BOOST_TEST(valid.size() == joined.size());
  }
  const auto same = must(check(batch, {.compression = codec::gzip}));
  BOOST_TEST(same.bytes.data() == batch.data());
}

BOOST_AUTO_TEST_CASE(the_size_limit_holds_for_what_is_packed_anew_too) {
  const auto batch = make_batch({{"k", std::string(10'000, 'x'), now_ms}}, {.compression = codec::zstd});
  BOOST_TEST(refused_as(errc::batch_too_large, batch, {.batch_bytes_max = 5'000, .compression = codec::none}));
}

BOOST_AUTO_TEST_CASE(E05_a_bomb_costs_no_more_than_the_limit_where_records_are_looked_at) {
  batch_builder builder{{.compression = codec::zstd}};
  const std::string zeros(16 << 20, '\0');
  for (int i = 0; i < 9; ++i)
    builder.add({.timestamp_ms = now_ms, .key = as_bytes("k"), .value = as_bytes(zeros)});
  const auto bomb = must(std::move(builder).finish());
  BOOST_TEST(bomb.size() < 100'000U);
  BOOST_TEST(refused_as(errc::output_limit, bomb, {.keys_required = true}));
  BOOST_TEST(!refused_as(errc::output_limit, bomb));
}

BOOST_AUTO_TEST_SUITE_END()
