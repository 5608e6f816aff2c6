#include "runtime/kafka/request.hpp"

#include "runtime/kafka/errors.hpp"

#include "test/unit/kafka/messages.hpp"

#include <algorithm>

namespace troupe::kafka::test {

namespace {

byte_slice without_length(const std::vector<chunk>& frame) {
  auto bytes = bytes_of(frame);
  reader from{byte_slice::copy_of(bytes)};
  std::int32_t length = 0;
  from.read(length, "length");
  BOOST_TEST(static_cast<std::size_t>(length) + 4 == bytes.size());
  bytes.erase(bytes.begin(), bytes.begin() + 4);
  return byte_slice::adopt(std::move(bytes));
}

byte_slice metadata_frame(std::int16_t version) {
  metadata_request body;
  body.topics.emplace().emplace_back().name = "orders";
  auto frame = request_frame(7, version, "shop", body);
  BOOST_TEST_REQUIRE(!!frame);
  return without_length(*frame);
}

byte_slice frame_of(std::initializer_list<int> bytes) {
  std::vector<std::uint8_t> out;
  for (int byte : bytes)
    out.push_back(static_cast<std::uint8_t>(byte));
  return byte_slice::adopt(std::move(out));
}

template <class T>
bool failed_as(const expected<T>& result, errc code) {
  return !result && is_error(result.error(), error_domain::kafka, static_cast<std::uint8_t>(code));
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_request_frame_is_read_in_classic_and_flexible_versions) {
  for (std::int16_t version : {4, 12}) {
    auto opened = open_request(metadata_frame(version));
    BOOST_TEST_REQUIRE(!!opened);
    BOOST_TEST(opened->header.correlation_id == 7);
    BOOST_TEST((opened->header.client_id == "shop"));
    BOOST_TEST(opened->about->name == "metadata");
    BOOST_TEST(opened->version_is_served());
    auto body = decode_body<metadata_request>(*opened);
    BOOST_TEST_REQUIRE(!!body);
    BOOST_TEST((body->topics.value().at(0).name == "orders"));
  }
}

BOOST_AUTO_TEST_CASE(an_unknown_key_is_refused_and_an_unknown_version_is_told) {
  BOOST_TEST(failed_as(open_request(frame_of({0, 4, 0, 0, 0, 0, 0, 1, 0xff, 0xff})), errc::unknown_api));
  BOOST_TEST(failed_as(open_request(frame_of({0x7f, 0xff, 0, 0, 0, 0, 0, 1, 0xff, 0xff})), errc::unknown_api));
  BOOST_TEST(failed_as(open_request(frame_of({0xff, 0xff, 0, 0, 0, 0, 0, 1, 0xff, 0xff})), errc::unknown_api));
  auto future = open_request(frame_of({0, 18, 0, 99, 0, 0, 0, 1, 0xff, 0xff, 0, 1, 2, 3}));
  BOOST_TEST_REQUIRE(!!future);
  BOOST_TEST(future->header.correlation_id == 1);
  BOOST_TEST(!future->version_is_served());
  BOOST_TEST(failed_as(decode_body<api_versions_request>(*future), errc::unsupported_version));
}

BOOST_AUTO_TEST_CASE(the_unstable_version_of_init_producer_id_is_not_served) {
  BOOST_TEST(find_api(init_producer_id_request::api_key)->serves(5));
  BOOST_TEST(!find_api(init_producer_id_request::api_key)->serves(6));
}

BOOST_AUTO_TEST_CASE(a_header_cut_short_at_any_byte_is_malformed) {
  const auto frame = metadata_frame(12);
  constexpr std::size_t header_bytes = 2 + 2 + 4 + 2 + 4 + 1;
  for (std::size_t size = 0; size < header_bytes; ++size)
    BOOST_TEST(failed_as(open_request(frame.sub(0, size)), errc::malformed));
  for (std::size_t size = header_bytes; size < frame.size(); ++size) {
    auto opened = open_request(frame.sub(0, size));
    BOOST_TEST_REQUIRE(!!opened);
    BOOST_TEST(failed_as(decode_body<metadata_request>(*opened), errc::malformed));
  }
}

// As librdkafka 2.11 asks for all topics: three bytes too many.
BOOST_AUTO_TEST_CASE(bytes_behind_the_last_field_are_left_alone) {
  auto opened = open_request(frame_of({0, 3, 0, 13, 0, 0, 0, 3, 0, 2, 'm', 'e', 0, 0, 0, 0, 0, 1, 0, 0}));
  BOOST_TEST_REQUIRE(!!opened);
  auto body = decode_body<metadata_request>(*opened);
  BOOST_TEST_REQUIRE(!!body);
  BOOST_TEST(!body->topics);
}

BOOST_AUTO_TEST_CASE(the_error_names_the_api_and_the_field) {
  auto opened = open_request(frame_of({0, 3, 0, 4, 0, 0, 0, 1, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff}));
  BOOST_TEST_REQUIRE(!!opened);
  auto body = decode_body<metadata_request>(*opened);
  BOOST_TEST(failed_as(body, errc::malformed));
  BOOST_TEST(render(body.error()) == "malformed metadata: metadata_request.topics at byte 14 of 14: "
                                     "more bytes or elements announced than can follow");
}

BOOST_AUTO_TEST_CASE(api_versions_answers_keep_header_0_and_others_become_flexible) {
  BOOST_TEST(response_header_version<api_versions_response>(4) == 0);
  BOOST_TEST(response_header_version<metadata_response>(8) == 0);
  BOOST_TEST(response_header_version<metadata_response>(9) == 1);
  for_each_api([]<class Request, class Response>() {
    if (const auto* row = find_api(Request::api_key))
      for (std::int16_t version = Request::min_version; version <= Request::max_version; ++version)
        BOOST_TEST(response_header_version<Response>(version) == row->response_header_version(version));
  });
  const auto frame = bytes_of(*response_frame(258, 3, api_versions_response{}));
  BOOST_TEST((frame == std::vector<std::uint8_t>{0, 0, 0, 12, 0, 0, 1, 2, 0, 0, 1, 0, 0, 0, 0, 0}));
}

BOOST_AUTO_TEST_CASE(a_response_frame_counts_its_spliced_records) {
  fetch_response body;
  auto& partition = body.responses.emplace_back().partitions.emplace_back();
  partition.records->parts.emplace_back(byte_slice::adopt(std::vector<std::uint8_t>(100'000, 3)));
  for (std::int16_t version : {4, 11, 12, 18}) {
    auto frame = response_frame(9, version, body);
    BOOST_TEST_REQUIRE(!!frame);
    BOOST_TEST(frame->size() == 2u + (version >= 12));
    auto decoded = decode_response<fetch_response>(without_length(*frame), version);
    BOOST_TEST_REQUIRE(!!decoded);
    BOOST_TEST(decoded->correlation_id == 9);
    BOOST_TEST(decoded->body.responses.at(0).partitions.at(0).records->size_bytes() == 100'000u);
  }
}

BOOST_AUTO_TEST_CASE(a_response_that_cannot_be_written_is_an_error) {
  describe_configs_response body;
  body.results.emplace_back().resource_name.assign(40'000, 'x');
  BOOST_TEST(failed_as(response_frame(1, 1, body), errc::unencodable));
  BOOST_TEST(!!response_frame(1, 4, body));
}

BOOST_AUTO_TEST_CASE(every_api_of_the_schema_has_its_row_in_the_table) {
  std::size_t count = 0;
  for_each_api([&]<class Request, class Response>() {
    const auto* row = find_api(Request::api_key);
    ++count;
    BOOST_TEST_REQUIRE(row, Request::api_name << " is described but not served");
    BOOST_TEST(row->name == Request::api_name);
    BOOST_TEST(row->max_version == Request::max_stable_version);
  });
  BOOST_TEST(served_apis().size() == count);
}

BOOST_AUTO_TEST_CASE(produce_is_advertised_from_0_but_served_from_3) {
  const auto* produce = find_api(produce_request::api_key);
  BOOST_TEST(produce->advertised_min == 0);
  BOOST_TEST(!produce->serves(2));
  BOOST_TEST(produce->serves(3));
}

BOOST_AUTO_TEST_CASE(only_api_versions_is_open_to_all) {
  for (const auto& row : served_apis())
    BOOST_TEST(row.rights.is_open_to_all() == (row.key == api_versions_key), row.name);
}

BOOST_AUTO_TEST_CASE(error_codes_have_names_messages_and_say_whether_to_retry) {
  BOOST_TEST(name_of(error_code::not_leader_or_follower) == "NOT_LEADER_OR_FOLLOWER");
  BOOST_TEST(is_retriable(error_code::not_leader_or_follower));
  BOOST_TEST(!is_retriable(error_code::message_too_large));
  BOOST_TEST(code_of(error_code::share_session_limit_reached) == 133);
  BOOST_TEST(name_of(static_cast<error_code>(134)) == "UNKNOWN");
  BOOST_TEST(name_of(static_cast<error_code>(-2)) == "UNKNOWN");
  BOOST_TEST(!message_of(error_code::unknown_server_error).empty());
}

}  // namespace troupe::kafka::test
