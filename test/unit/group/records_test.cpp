#include "runtime/group/coordinator.hpp"
#include "runtime/sim/random.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <fstream>
#include <map>
#include <random>
#include <sstream>

using namespace troupe;
using namespace troupe::group;

namespace {

std::vector<std::uint8_t> from_hex(const std::string& hex) {
  std::vector<std::uint8_t> out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    out.push_back(static_cast<std::uint8_t>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  return out;
}

/// What a Kafka 4.3.1 left in __consumer_offsets, in the log's order: see golden/make.py.
std::vector<log_record> kafkas_records() {
  std::ifstream file{TROUPE_TEST_DIR "/golden/kafka-4.3.1.hex"};
  BOOST_REQUIRE_MESSAGE(file, "golden records are missing");
  std::vector<log_record> out;
  for (std::string key, value; file >> key >> value;) {
    auto& record = out.emplace_back();
    record.key = byte_slice::adopt(from_hex(key));
    if (value != "-")
      record.value = byte_slice::adopt(from_hex(value));
  }
  return out;
}

std::int16_t version_of(const log_record& record) {
  return record.value ? static_cast<std::int16_t>(record.value->data()[0] << 8 | record.value->data()[1]) : 0;
}

template <class Record>
std::vector<Record> all(const std::vector<log_record>& records) {
  std::vector<Record> out;
  for (const auto& record : records) {
    const auto parsed = parse(record);
    BOOST_TEST_REQUIRE(!!parsed);
    if (const auto* one = std::get_if<Record>(&*parsed))
      out.push_back(*one);
  }
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(records_of_a_real_kafka_are_read_and_written_again_byte_by_byte) {
  std::map<std::size_t, int> kinds;
  for (const auto& record : kafkas_records()) {
    const auto parsed = parse(record);
    BOOST_TEST_REQUIRE(!!parsed);
    ++kinds[parsed->index()];
    BOOST_TEST_REQUIRE(!std::holds_alternative<unknown_record>(*parsed));
    BOOST_TEST((to_log(*parsed, version_of(record)) == record));
  }
  BOOST_TEST(kinds.size() == 9u);  // all but the offsets of before 0.9
}

BOOST_AUTO_TEST_CASE(our_own_records_have_the_versions_that_kafka_writes) {
  for (const auto& record : kafkas_records()) {
    const auto parsed = parse(record);
    BOOST_TEST_REQUIRE(!!parsed);
    if (const auto* offset = std::get_if<offset_commit_record>(&*parsed))
      BOOST_TEST((to_log(*offset) == record));
    if (const auto* group = std::get_if<group_record>(&*parsed))
      BOOST_TEST((to_log(*group) == record));
  }
}

BOOST_AUTO_TEST_CASE(records_mean_what_kafka_meant) {
  const auto records = kafkas_records();
  const auto offsets = all<offset_commit_record>(records);
  BOOST_TEST_REQUIRE(!offsets.empty());
  BOOST_TEST(offsets[0].key.group == "classic");
  BOOST_TEST(offsets[0].key.topic == "orders");
  BOOST_TEST_REQUIRE(offsets[0].value.has_value());
  BOOST_TEST(offsets[0].value->offset == 1);
  BOOST_TEST(offsets[0].value->metadata.starts_with("note"));
  BOOST_TEST(!offsets[0].value->topic_id.is_zero());

  const auto groups = all<group_record>(records);
  const auto has_two = [](const group_record& g) { return g.value && g.value->members.size() == 2; };
  const auto with_two = std::ranges::find_if(groups, has_two);
  BOOST_TEST_REQUIRE((with_two != groups.end()));
  BOOST_TEST(with_two->value->protocol_type == "consumer");
  BOOST_TEST(with_two->value->protocol.value_or("") == "range");
  const auto is_static = [](const auto& m) { return m.group_instance_id == "static"; };
  BOOST_TEST(std::ranges::count_if(with_two->value->members, is_static) == 1);
  BOOST_TEST(std::ranges::any_of(groups, [](const auto& g) { return !g.value && g.key.group == "gone"; }));
}

BOOST_AUTO_TEST_CASE(a_coordinator_loads_what_kafka_has_written) {
  sim::simulated_random random{1};
  coordinator loaded{{}, random};
  kafka::offset_fetch_request::group of_classic;
  of_classic.group_id = "classic";
  of_classic.topics.reset();
  std::size_t partitions_most = 0;
  for (const auto& record : kafkas_records()) {
    BOOST_TEST(!loaded.replay(record));
    const auto told = loaded.fetch_offsets(of_classic, false).topics;
    partitions_most = std::max(partitions_most, told.empty() ? 0 : told[0].partitions.size());
  }
  BOOST_TEST(loaded.loaded({monotonic_time{}, from_ms(1'800'000'000'000)}).batches.empty());
  BOOST_TEST(loaded.describe("classic", 5).protocol_type == "consumer");
  BOOST_TEST(partitions_most == 2u);
  BOOST_TEST(loaded.fetch_offsets(of_classic, false).topics.empty());  // their topic was deleted
  BOOST_TEST(loaded.describe("gone", 5).group_state == "Dead");
}

BOOST_AUTO_TEST_CASE(damaged_records_are_errors_or_other_records_and_nothing_worse) {
  std::mt19937 generator{11};
  const auto records = kafkas_records();
  int refused = 0;
  for (int i = 0; i < 20'000; ++i) {
    auto record = records[generator() % records.size()];
    const auto spoil = [&](byte_slice& bytes) {
      std::vector<std::uint8_t> copy(bytes.data(), bytes.data() + bytes.size());
      if (generator() % 3 == 0)
        copy.resize(generator() % (copy.size() + 1));
      else if (!copy.empty())
        copy[generator() % copy.size()] = static_cast<std::uint8_t>(generator());
      bytes = byte_slice::adopt(std::move(copy));
    };
    if (record.value && generator() % 2 == 0)
      spoil(*record.value);
    else
      spoil(record.key);
    sim::simulated_random random{1};
    coordinator loaded{{}, random};
    refused += !!loaded.replay(record);
    BOOST_TEST(loaded.group_count() <= 1u);
  }
  BOOST_TEST(refused > 1'000);
}
