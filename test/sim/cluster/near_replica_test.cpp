// Readers near a follower read from it (KIP-392).
#include "test/sim/cluster/scenario.hpp"

#include "schema/kafka/list_offsets.hpp"

#include <boost/test/unit_test.hpp>

using namespace troupe;
using namespace troupe::cluster_sim;
using namespace std::chrono_literals;
using kafka::error_code;

namespace {

constexpr std::uint64_t seeds[] = {1, 2, 3};
constexpr auto spread = 100ms;  // until followers know what is committed

const std::vector<std::string> by_rack = {
  "broker.rack=rack{id}",
  "replica.selector.class=org.apache.kafka.common.replica.RackAwareReplicaSelector",
  "replica.lag.time.max.ms=2000",
};

std::string rack_of(std::int32_t node) {
  return "rack" + std::to_string(node);
}

kafka::fetch_request fetch_from(std::int64_t position, const std::string& rack, std::chrono::milliseconds wait = 0ms) {
  kafka::fetch_request r;
  r.max_wait_ms = static_cast<std::int32_t>(wait.count());
  r.min_bytes = 1;
  r.rack_id = rack;
  r.topics.resize(1);
  r.topics[0].topic = scenario::topic;
  auto& wanted = r.topics[0].partitions.emplace_back();
  wanted.fetch_offset = position;
  wanted.partition_max_bytes = 1 << 20;
  return r;
}

kafka::fetch_response_partition_data fetch(scenario& s, std::int32_t at, std::int64_t position,
                                           const std::string& rack = {}, std::int16_t version = 11) {
  const auto told = s.ask<kafka::fetch_response>(s.address_of(at), fetch_from(position, rack), version);
  return told && told->responses.size() == 1 ? told->responses[0].partitions.at(0)
                                             : kafka::fetch_response_partition_data{.error_code = -1};
}

error_code code_of(const auto& told) {
  return static_cast<error_code>(told.error_code);
}

kafka::list_offsets_response_partition ask_latest(scenario& s, std::int32_t at, std::int32_t as_replica) {
  kafka::list_offsets_request r;
  r.replica_id = as_replica;
  r.topics.resize(1);
  r.topics[0].name = scenario::topic;
  r.topics[0].partitions.emplace_back().timestamp = -1;
  const auto told = s.ask<kafka::list_offsets_response>(s.address_of(at), r, 5);
  return told ? told->topics.at(0).partitions.at(0) : kafka::list_offsets_response_partition{.error_code = -1};
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_reader_is_sent_to_the_follower_in_its_rack_and_reads_there_what_is_committed) {
  for (const auto seed : seeds) {
    scenario s{seed, by_rack};
    const auto leader = s.await_leader(1), near = s.other_than(leader);
    const auto at = s.append(1, "committed");
    s.in().run_for(spread);
    const auto sent_on = fetch(s, leader, at, rack_of(near));
    BOOST_TEST(sent_on.preferred_read_replica == near);
    BOOST_TEST(sent_on.high_watermark == at + 1);
    BOOST_TEST(s.records_of(sent_on).empty());
    const auto read = fetch(s, near, at, rack_of(near));
    BOOST_TEST((code_of(read) == error_code::none));
    BOOST_TEST(read.preferred_read_replica == -1);
    BOOST_TEST(read.high_watermark == at + 1);
    BOOST_TEST(s.records_of(read)[at] == "committed");
    s.end_well();
  }
}

BOOST_AUTO_TEST_CASE(a_reader_in_the_leaders_rack_or_in_none_reads_from_the_leader) {
  scenario s{1, by_rack};
  const auto leader = s.await_leader(1);
  const auto at = s.append(1, "committed");
  s.in().run_for(spread);
  for (const auto& rack : {rack_of(leader), std::string{}, std::string{"elsewhere"}}) {
    const auto read = fetch(s, leader, at, rack);
    BOOST_TEST(read.preferred_read_replica == -1);
    BOOST_TEST(s.records_of(read)[at] == "committed");
  }
  s.end_well();
}

BOOST_AUTO_TEST_CASE(without_a_selector_racks_change_nothing) {
  scenario s{1, {"broker.rack=rack{id}"}};
  const auto leader = s.await_leader(1);
  const auto at = s.append(1, "committed");
  const auto read = fetch(s, leader, at, rack_of(s.other_than(leader)));
  BOOST_TEST(read.preferred_read_replica == -1);
  BOOST_TEST(s.records_of(read)[at] == "committed");
  s.end_well();
}

BOOST_AUTO_TEST_CASE(a_reader_that_waits_at_a_follower_gets_the_next_record_as_soon_as_it_is_committed) {
  for (const auto seed : seeds) {
    scenario s{seed, by_rack};
    const auto leader = s.await_leader(1), near = s.other_than(leader);
    const auto before = s.append(1, "before");
    s.in().run_for(spread);
    client reader{s.in(), "reader"};
    std::map<std::int64_t, std::string> got;
    reader.call<kafka::fetch_response>(s.address_of(near), fetch_from(before + 1, rack_of(near), 10s), 11, 20s,
                                       [&](expected<kafka::fetch_response> told) {
                                         got = s.records_of(told.value().responses.at(0).partitions.at(0));
                                       });
    s.in().run_for(1s);
    BOOST_TEST(got.empty());
    const auto next = s.append(1, "next");
    BOOST_TEST(s.in().run_until([&] { return !got.empty(); }, spread));
    BOOST_TEST(got[next] == "next");
    s.end_well();
  }
}

BOOST_AUTO_TEST_CASE(R19_a_reader_is_not_sent_to_a_follower_that_lags) {
  for (const auto seed : seeds) {
    scenario s{seed, by_rack};
    const auto leader = s.await_leader(1), slow = s.other_than(leader);
    const auto before = s.append(1, "before");
    s.in().run_for(spread);
    BOOST_TEST(fetch(s, leader, before, rack_of(slow)).preferred_read_replica == slow);
    s.node(slow).pause();
    const auto pending = s.begin_send(leader, "beyond it", -1, 20s);
    s.in().run_for(spread);
    // It is in sync still, but has not got this.
    BOOST_TEST(fetch(s, leader, before + 2, rack_of(slow)).preferred_read_replica == -1);
    BOOST_TEST(s.await_in_sync(leader, 2));
    BOOST_TEST(s.in().run_until([&] { return pending->is_acknowledged(); }, 10s));
    const auto read = fetch(s, leader, before, rack_of(slow));
    BOOST_TEST(read.preferred_read_replica == -1);
    BOOST_TEST(s.records_of(read)[pending->offset] == "beyond it");
    s.node(slow).resume();
    BOOST_TEST(s.await_in_sync(leader, 3));
    s.in().run_for(spread);
    BOOST_TEST(fetch(s, leader, pending->offset, rack_of(slow)).preferred_read_replica == slow);
    s.end_well();
  }
}

BOOST_AUTO_TEST_CASE(a_follower_says_what_it_does_not_have_and_what_only_a_leader_serves) {
  scenario s{1, by_rack};
  const auto leader = s.await_leader(1), near = s.other_than(leader);
  const auto at = s.append(1, "committed");
  s.in().run_for(spread);
  BOOST_TEST((code_of(fetch(s, near, at + 2)) == error_code::offset_out_of_range));
  BOOST_TEST((code_of(fetch(s, near, at + 1)) == error_code::none));
  BOOST_TEST((code_of(fetch(s, near, at, {}, 10)) == error_code::not_leader_or_follower));
  BOOST_TEST((code_of(ask_latest(s, near, -1)) == error_code::not_leader_or_follower));
  const auto as_replica = ask_latest(s, near, -2);
  BOOST_TEST((code_of(as_replica) == error_code::none));
  BOOST_TEST(as_replica.offset == at + 1);
  s.end_well();
}
