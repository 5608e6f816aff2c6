#include "bytes.hpp"
#include "compaction_fixture.hpp"

#include "runtime/log/record.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

// Batches of real clients, and Kafka's own code as the reader of ours (see golden/README.md).

using namespace troupe;
using namespace troupe::log;
using namespace troupe::log::test;

namespace {

const std::string golden = TROUPE_TEST_DIR "/golden/";

std::string content_of(const std::string& path) {
  std::ifstream in{path};
  BOOST_REQUIRE_MESSAGE(in, path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string describe_file(const std::string& path) {
  std::istringstream lines{content_of(path)};
  std::string name, hex, all;
  while (lines >> name >> hex)
    all += name + "\n" + describe(from_hex(hex));
  return all;
}

// The folder of Kafka's jars, empty when there is none or no java.
std::string kafka_libs() {
  const auto* given = std::getenv("TROUPE_KAFKA_LIBS");
  const auto* home = std::getenv("HOME");
  for (const auto& place :
       {std::string{given ? given : ""}, std::string{home ? home : ""} + "/.cache/troupe/kafka/libs"}) {
    if (place.empty() || !std::filesystem::is_directory(place))
      continue;
    for (const auto& entry : std::filesystem::directory_iterator{place})
      if (entry.path().filename().string().starts_with("kafka-clients-")
          && std::system("java -version 2>/dev/null") == 0)
        return place;
  }
  return {};
}

byte_slice everything(codec with) {
  batch_builder builder{{.base_offset = offset{500},
                         .partition_leader_epoch = leader_epoch{4},
                         .compression = with,
                         .producer = producer_id{77},
                         .producer_epoch = 2,
                         .base_sequence = 9}};
  const header_view headers[] = {{as_bytes("trace"), as_bytes("t1")}, {as_bytes("none"), std::nullopt}};
  const auto big = noise(100'000, 3);
  for (int i = 0; i < 50; ++i) {
    const auto key = "key-" + std::to_string(i);
    const std::string value(static_cast<std::size_t>(i) * 97, 'v');
    record_fields record{.timestamp_ms = 1'700'000'000'000 + i * 13 % 7};
    if (i % 3)
      record.key = as_bytes(key);
    if (i % 5)
      record.value = i == 31 ? bytes_view{big} : as_bytes(value);
    if (i % 2)
      record.headers = headers;
    builder.add_at(i * 2, record);
  }
  builder.set_last_offset_delta(120);
  return must(std::move(builder).finish());
}

byte_slice empty_one() {
  batch_builder builder{
      {.base_offset = offset{3}, .producer = producer_id{1}, .producer_epoch = 0, .base_sequence = 0}};
  builder.set_last_offset_delta(4);
  builder.set_max_timestamp(1'700'000'000'000);
  return must(std::move(builder).finish());
}

byte_slice horizon_one() {
  return make_batch({{"gone", std::nullopt, 1'700'000'000'000}, {"stays", "v", 1'700'000'000'005}},
                    {.compression = codec::zstd, .delete_horizon = from_ms(1'700'086'400'000)});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(golden_batches)

BOOST_AUTO_TEST_CASE(java_clients_batches_hold_what_kafka_finds_in_them) {
  BOOST_TEST(describe_file(golden + "kafka-4.3.1.hex") == content_of(golden + "kafka-4.3.1.txt"));
}

BOOST_AUTO_TEST_CASE(librdkafkas_batches_hold_what_kafka_finds_in_them) {
  BOOST_TEST(describe_file(golden + "librdkafka-2.16.0.hex") == content_of(golden + "librdkafka-2.16.0.txt"));
}

BOOST_AUTO_TEST_CASE(kafka_reads_what_we_write) {
  const auto libs = kafka_libs();
  if (libs.empty()) {
    BOOST_TEST_MESSAGE(
        "SKIPPED: no java or no kafka-clients-*.jar; set TROUPE_KAFKA_LIBS to the libs folder of a Kafka 4.3.1");
    return;
  }
  const temporary_directory own;
  const auto& folder = own.path();
  const auto in = (folder / "in").string(), out = (folder / "out").string();
  {
    std::ofstream lines{in};
    for (const auto with : {codec::none, codec::gzip, codec::snappy, codec::lz4, codec::zstd})
      lines << to_string(with) << ' ' << to_hex(everything(with)) << '\n';
    lines << "empty " << to_hex(empty_one()) << "\nhorizon " << to_hex(horizon_one()) << '\n';
  }
  const auto command = "java -cp '" + libs + "/*' " + golden + "KafkaBatches.java describe <" + in + " >" + out;
  BOOST_REQUIRE(std::system(command.c_str()) == 0);
  BOOST_TEST(content_of(out) == describe_file(in));
}

BOOST_AUTO_TEST_SUITE_END()
