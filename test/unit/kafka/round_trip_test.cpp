#include "test/unit/kafka/messages.hpp"

#include <fstream>
#include <map>
#include <sstream>

namespace troupe::kafka::test {

namespace {

constexpr unsigned seed = 20;


std::string to_hex(const std::vector<std::uint8_t>& bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (auto byte : bytes) {
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

/// "name version content" → hex bytes, as Kafka's client wrote them.
std::map<std::string, std::string> golden_messages() {
  std::ifstream file{TROUPE_TEST_DIR "/golden/kafka-4.3.1.hex"};
  BOOST_REQUIRE_MESSAGE(file.is_open(), "golden messages are missing");
  std::map<std::string, std::string> out;
  std::string name, version, content, hex, line;
  while (std::getline(file, line)) {
    std::istringstream words{line};
    words >> name >> version >> content >> hex;
    out[name + ' ' + version + ' ' + content] = std::exchange(hex, {});
  }
  return out;
}

template <class Message>
void check_golden(const std::string& hex, std::int16_t version, bool empty) {
  Message expected;
  filler{version, counted_values{empty}}.fill(expected);
  const auto bytes = encoded(expected, version);
  BOOST_TEST(to_hex(bytes) == hex);
  reader from{byte_slice::copy_of(bytes)};
  Message decoded;
  decoded.decode(from, version);
  from.expect_end("message");
  BOOST_TEST(from.ok(), from.failure());
  BOOST_TEST((decoded == expected));
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_message_of_every_version_reads_and_writes_the_bytes_of_kafka_itself) {
  auto golden = golden_messages();
  const auto check = [&]<class Message>(const std::string& part) {
    for (std::int16_t version = Message::min_version; version <= Message::max_version; ++version) {
      for (bool empty : {false, true}) {
        const auto name = std::string{Message::api_name} + part + ' ' + std::to_string(version)
                          + (empty ? " empty" : " full");
        BOOST_TEST_CONTEXT(name) {
          BOOST_TEST_REQUIRE(golden.contains(name));
          check_golden<Message>(golden[name], version, empty);
          golden.erase(name);
        }
      }
    }
  };
  for_each_api([&]<class Request, class Response>() {
    check.template operator()<Request>("_request");
    check.template operator()<Response>("_response");
  });
  for_each_record([&]<class Key, class Value>() {
    check.template operator()<Key>("_key");
    check.template operator()<Value>("_value");
  });
  BOOST_TEST(golden.empty(), "golden messages that no struct was made for, such as " << golden.begin()->first);
}

BOOST_AUTO_TEST_CASE(random_messages_survive_a_round_trip_in_every_version) {
  std::mt19937 generator{seed};
  for_each_message_version([&]<class Message>(std::int16_t version) {
    for (int i = 0; i < 20; ++i) {
      const auto message = random_message<Message>(version, generator, 2 * splice_bytes_min);
      reader from{byte_slice::adopt(encoded(message, version))};
      Message decoded;
      decoded.decode(from, version);
      from.expect_end("message");
      BOOST_TEST_REQUIRE(from.ok(), from.failure() << ", seed " << seed);
      BOOST_TEST_REQUIRE((decoded == message), "seed " << seed);
    }
  });
}

BOOST_AUTO_TEST_CASE(fields_that_a_version_lacks_are_left_out_whatever_they_hold) {
  produce_request message;
  message.topic_data.emplace_back().topic_id.bytes.fill(7);
  message.topic_data[0].name = "orders";
  reader from{byte_slice::adopt(encoded(message, 12))};
  produce_request decoded;
  decoded.decode(from, 12);
  BOOST_TEST(from.ok());
  BOOST_TEST(decoded.topic_data.at(0).name == "orders");
  BOOST_TEST(decoded.topic_data[0].topic_id.is_zero());
}

BOOST_AUTO_TEST_CASE(null_in_a_version_without_null_is_written_as_the_empty_value) {
  metadata_response message;
  message.topics.emplace_back().name.reset();
  reader from{byte_slice::adopt(encoded(message, 11))};
  metadata_response decoded;
  decoded.decode(from, 11);
  BOOST_TEST(from.ok());
  BOOST_TEST((decoded.topics.at(0).name == std::string{}));
}

BOOST_AUTO_TEST_CASE(fields_have_the_protocols_defaults) {
  BOOST_TEST(!produce_request{}.transactional_id.has_value());
  BOOST_TEST(fetch_request{}.max_bytes == 0x7fffffff);
  BOOST_TEST(fetch_request::fetch_partition{}.high_watermark == std::numeric_limits<std::int64_t>::max());
  BOOST_TEST(metadata_response{}.cluster_authorized_operations == std::numeric_limits<std::int32_t>::min());
  BOOST_TEST(create_topics_request{}.timeout_ms == 60000);
  BOOST_TEST((fetch_response::partition_data{}.records == record_set{}));
}

}  // namespace troupe::kafka::test
