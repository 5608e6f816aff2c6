#include "runtime/kafka/codec.hpp"

#include "test/unit/kafka/messages.hpp"

namespace troupe::kafka::test {

namespace {

reader reader_of(std::initializer_list<int> bytes) {
  std::vector<std::uint8_t> buffer;
  for (int byte : bytes)
    buffer.push_back(static_cast<std::uint8_t>(byte));
  return reader{byte_slice::adopt(std::move(buffer))};
}

fault array_fault(std::initializer_list<int> bytes, bool compact, std::size_t element_bytes_min) {
  auto from = reader_of(bytes);
  std::vector<std::int32_t> out;
  from.read_array(out, 0, compact, element_bytes_min, "message.numbers");
  BOOST_TEST(out.capacity() * sizeof(std::int32_t) <= 64 + 8 * bytes.size());
  return from.why();
}

byte_slice slice_of(std::size_t size, std::uint8_t with) {
  return byte_slice::adopt(std::vector<std::uint8_t>(size, with));
}

}  // namespace

BOOST_AUTO_TEST_CASE(numbers_are_big_endian) {
  writer out;
  out.write(std::int16_t{-2});
  out.write(std::int32_t{0x01020304});
  out.write(std::int64_t{0x0102030405060708});
  out.write(true);
  out.write(1.5);
  const auto bytes = bytes_of(std::move(out).finish());
  BOOST_TEST((bytes == std::vector<std::uint8_t>{0xff, 0xfe, 1, 2, 3, 4, 1, 2, 3, 4, 5, 6, 7, 8, 1,
                                                0x3f, 0xf8, 0, 0, 0, 0, 0, 0}));
  reader from{byte_slice::copy_of(bytes)};
  std::int16_t a = 0;
  std::int32_t b = 0;
  std::int64_t c = 0;
  bool d = false;
  double e = 0;
  from.read(a, "a"), from.read(b, "b"), from.read(c, "c"), from.read(d, "d"), from.read(e, "e");
  from.expect_end("numbers");
  BOOST_TEST(from.ok());
  BOOST_TEST((a == -2 && b == 0x01020304 && c == 0x0102030405060708 && d && e == 1.5));
}

BOOST_AUTO_TEST_CASE(varints_of_every_length_survive_a_round_trip) {
  for (std::uint32_t value : {0u, 1u, 127u, 128u, 16383u, 16384u, 2097151u, 2097152u, 268435455u, 268435456u,
                              0x7fffffffu, 0xffffffffu}) {
    writer out;
    out.write_unsigned_varint(value);
    reader from{byte_slice::adopt(bytes_of(std::move(out).finish()))};
    BOOST_TEST(from.read_unsigned_varint("value") == value);
    from.expect_end("value");
    BOOST_TEST(from.ok());
  }
}

BOOST_AUTO_TEST_CASE(varints_above_32_bits_are_refused) {
  auto wide = reader_of({0xff, 0xff, 0xff, 0xff, 0x10});
  BOOST_TEST(wide.read_unsigned_varint("value") == 0);
  BOOST_TEST((wide.why() == fault::malformed_varint));
  auto endless = reader_of({0x80, 0x80, 0x80, 0x80, 0x80, 0x00});
  BOOST_TEST(endless.read_unsigned_varint("value") == 0);
  BOOST_TEST((endless.why() == fault::malformed_varint));
}

BOOST_AUTO_TEST_CASE(counts_that_cannot_fit_are_refused_before_anything_is_allocated) {
  BOOST_TEST((array_fault({0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 1}, false, 4) == fault::length_beyond_end));
  BOOST_TEST((array_fault({0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0}, true, 4) == fault::length_beyond_end));
  BOOST_TEST((array_fault({0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0}, false, 4) == fault::length_beyond_end));
  BOOST_TEST((array_fault({0, 0, 0, 1, 0, 0, 0, 1}, false, 4) == fault::none));
  BOOST_TEST((array_fault({0xff, 0xff, 0xff, 0xff}, false, 4) == fault::null_not_allowed));
  BOOST_TEST((array_fault({0x80, 0, 0, 0}, false, 4) == fault::negative_length));
  BOOST_TEST((array_fault({0}, true, 4) == fault::null_not_allowed));
}

BOOST_AUTO_TEST_CASE(the_first_failure_sticks_and_names_its_field) {
  auto from = reader_of({0, 5, 'a', 'b'});
  std::string text = "before";
  from.read_string(text, false, "message.text");
  std::int8_t later = 7;
  from.read(later, "message.later");
  BOOST_TEST(text.empty());
  BOOST_TEST(later == 7);
  BOOST_TEST(from.failed_field() == "message.text");
  BOOST_TEST(from.failure() == "message.text at byte 2 of 4: more bytes or elements announced than can follow");
}

BOOST_AUTO_TEST_CASE(unknown_tagged_fields_are_skipped) {
  auto from = reader_of({2, 5, 3, 9, 9, 9, 200, 1, 0, 42});
  from.skip_tags("message");
  std::int8_t after = 0;
  from.read(after, "message.after");
  BOOST_TEST(from.ok());
  BOOST_TEST(after == 42);
}

BOOST_AUTO_TEST_CASE(a_tagged_field_is_read_within_its_announced_size) {
  auto longer = reader_of({4, 1, 2, 3, 4, 5});
  const auto tag = longer.open_tag("message.tagged");
  std::int16_t value = 0;
  longer.close_tag(tag, "message.tagged");
  BOOST_TEST((longer.why() == fault::tag_size));
  auto shorter = reader_of({4, 1, 2, 3, 4, 5});
  shorter.open_tag("message.tagged");
  shorter.read(value, "message.tagged");
  BOOST_TEST((shorter.why() == fault::truncated));
  auto beyond = reader_of({4, 9, 2});
  beyond.open_tag("message.tagged");
  BOOST_TEST((beyond.why() == fault::length_beyond_end));
}

BOOST_AUTO_TEST_CASE(more_tagged_fields_than_the_limit_are_refused) {
  std::vector<std::uint8_t> bytes(1 + 2 * (tags_max + 1), 0);
  bytes[0] = tags_max;
  reader within{byte_slice::copy_of(bytes)};
  within.skip_tags("message");
  BOOST_TEST(within.ok());
  bytes[0] = tags_max + 1;
  reader above{byte_slice::copy_of(bytes)};
  above.skip_tags("message");
  BOOST_TEST((above.why() == fault::too_many_tags));
}

BOOST_AUTO_TEST_CASE(a_presence_byte_is_1_or_minus_1) {
  for (auto [byte, why] : {std::pair{1, fault::truncated}, {-1, fault::none}, {0, fault::malformed_marker}}) {
    auto from = reader_of({byte});
    std::optional<describe_topic_partitions_request::position> cursor;
    from.read_struct(cursor, 0, "message.cursor");
    BOOST_TEST((from.why() == why));
  }
}

BOOST_AUTO_TEST_CASE(long_bytes_and_file_regions_are_spliced_and_short_ones_coalesced) {
  writer out{8};
  const auto large = slice_of(splice_bytes_min, 1);
  const file_region region{nullptr, 4711, 10};
  out.write(std::int32_t{1});
  out.write_records(record_set{{slice_of(100, 2), large, region}}, false);
  out.write_bytes(slice_of(splice_bytes_min - 1, 3), true);
  BOOST_TEST(out.size_bytes() == 4 + 4 + 100 + splice_bytes_min + 10 + 2 + splice_bytes_min - 1);
  const auto chunks = std::move(out).finish();
  BOOST_TEST_REQUIRE(chunks.size() == 4u);
  BOOST_TEST(size_of(chunks[0]) == 108u);
  BOOST_TEST(std::get<byte_slice>(chunks[1]).data() == large.data());
  BOOST_TEST(std::get<file_region>(chunks[2]).position == 4711u);
  BOOST_TEST(size_of(chunks[3]) == splice_bytes_min + 1);
}

BOOST_AUTO_TEST_CASE(records_of_a_request_are_cut_out_of_the_frame_without_a_copy) {
  produce_request message;
  message.topic_data.emplace_back().partition_data.emplace_back().records = slice_of(10000, 5);
  const auto frame = byte_slice::adopt(encoded(message, 12));
  reader from{frame};
  produce_request decoded;
  decoded.decode(from, 12);
  const auto& records = decoded.topic_data.at(0).partition_data.at(0).records;
  BOOST_TEST_REQUIRE((records && records->size() == 10000));
  BOOST_TEST((records->data() > frame.data() && records->data() < frame.data() + frame.size()));
}

BOOST_AUTO_TEST_CASE(long_values_of_tagged_fields_have_longer_sizes) {
  fetch_response message;
  message.node_endpoints.emplace_back().host.assign(1000, 'h');
  reader from{byte_slice::adopt(encoded(message, 16))};
  fetch_response decoded;
  decoded.decode(from, 16);
  from.expect_end("fetch");
  BOOST_TEST(from.ok(), from.failure());
  BOOST_TEST((decoded == message));
}

BOOST_AUTO_TEST_CASE(strings_too_long_for_the_version_fail_the_writer) {
  delete_topics_response message;
  message.responses.emplace_back().name.emplace(32768, 'x');
  writer classic;
  message.encode(classic, 3);
  BOOST_TEST(!classic.ok());
  writer flexible;
  message.encode(flexible, 4);
  BOOST_TEST(flexible.ok());
}

BOOST_AUTO_TEST_CASE(versions_that_do_not_exist_fail_reader_and_writer) {
  for (std::int16_t version : {2, 14, -1, 32767}) {
    writer out;
    produce_request{}.encode(out, version);
    BOOST_TEST(!out.ok());
    auto from = reader_of({0, 0, 0, 0});
    produce_request decoded;
    decoded.decode(from, version);
    BOOST_TEST((from.why() == fault::unsupported_version));
  }
}

}  // namespace troupe::kafka::test
