#pragma once

#include "test/sim/cluster/scenario.hpp"
#include "tools/sim/committed_reader.hpp"

#include "runtime/log/batch_builder.hpp"
#include "runtime/transaction/state.hpp"
#include "schema/kafka/add_offsets_to_txn.hpp"
#include "schema/kafka/add_partitions_to_txn.hpp"
#include "schema/kafka/end_txn.hpp"
#include "schema/kafka/fetch.hpp"
#include "schema/kafka/find_coordinator.hpp"
#include "schema/kafka/init_producer_id.hpp"
#include "schema/kafka/offset_fetch.hpp"
#include "schema/kafka/produce.hpp"
#include "schema/kafka/txn_offset_commit.hpp"
#include "schema/kafka/write_txn_markers.hpp"

#include <boost/test/unit_test.hpp>

/// The producer of one transactional id step by step, and what readers of committed records see, for scenarios.
namespace troupe::cluster_sim::transaction_steps {

using namespace std::chrono_literals;
using kafka::error_code;

inline constexpr std::uint64_t seeds[] = {1, 2, 3};
inline constexpr auto patience = 20s;
inline constexpr auto id = "mover";
inline constexpr auto group = "readers";
inline constexpr std::int16_t old_protocol = 4, new_protocol = 5;  // of EndTxn; it goes with Produce 11 and 12

inline bool is_soon(error_code code) {
  return code == error_code::concurrent_transactions || code == error_code::coordinator_load_in_progress
         || code == error_code::coordinator_not_available || code == error_code::not_coordinator
         || code == error_code::not_enough_replicas || code == error_code::not_leader_or_follower;
}

/// The producer of one transactional id, step by step.
struct producer {
  scenario& s;
  std::int32_t coordinator = 0;
  std::int64_t number = -1;
  std::int16_t epoch = -1;
  std::int32_t sequence = 0;
  std::int16_t protocol = new_protocol;
  bool transactional = true;  ///< else idempotent only

  /// The node that coordinates, as `asked` knows, unless it is `other`.
  std::int32_t find(std::int32_t asked, std::int32_t other = 0, std::int8_t type = 1, const std::string& key = id) {
    kafka::find_coordinator_request r;
    r.key_type = type;
    r.coordinator_keys = {key};
    for (const auto until = s.in().now() + patience; s.in().now() < until; s.in().run_for(50ms)) {
      const auto told = s.ask<kafka::find_coordinator_response>(s.address_of(asked), r, 4);
      if (told && told->coordinators.at(0).error_code == 0 && told->coordinators[0].node_id != other)
        return told->coordinators[0].node_id;
    }
    return 0;
  }

  error_code init(std::chrono::milliseconds timeout = 10s) {
    kafka::init_producer_id_request r;
    r.transactional_id = id;
    r.transaction_timeout_ms = static_cast<std::int32_t>(timeout.count());
    return until_settled([&] {
      const auto told = s.ask<kafka::init_producer_id_response>(s.address_of(coordinator), r, 4);
      if (!told)
        return error_code::request_timed_out;
      if (told->error_code == 0) {
        number = told->producer_id;
        epoch = told->producer_epoch;
        sequence = 0;
      }
      return error_code{told->error_code};
    });
  }

  /// For the protocol in which clients do that.
  error_code add() {
    kafka::add_partitions_to_txn_request r;
    r.v3_and_below_transactional_id = id;
    r.v3_and_below_producer_id = number;
    r.v3_and_below_producer_epoch = epoch;
    r.v3_and_below_topics = {{scenario::topic, {0}}};
    return until_settled([&] {
      const auto told = s.ask<kafka::add_partitions_to_txn_response>(s.address_of(coordinator), r, 3);
      if (!told)
        return error_code::request_timed_out;
      return error_code{told->results_by_topic_v3_and_below.at(0).results_by_partition.at(0).partition_error_code};
    });
  }

  /// One request, whatever its answer.
  error_code write_once(std::int32_t leader, const std::string& value) {
    log::batch_fields fields;
    fields.producer = producer_id{number};
    fields.producer_epoch = epoch;
    fields.base_sequence = sequence;
    fields.transactional = transactional;
    log::batch_builder batch{fields};
    batch.add({1'700'000'000'000, as_bytes("k"), as_bytes(value), {}});
    kafka::produce_request r;
    r.transactional_id = transactional ? std::optional<std::string>{id} : std::nullopt;
    r.acks = -1;
    r.timeout_ms = 3'000;
    r.topic_data.resize(1);
    r.topic_data[0].name = scenario::topic;
    r.topic_data[0].partition_data = {{0, std::move(batch).finish().value()}};
    const auto told = s.ask<kafka::produce_response>(s.address_of(leader), r, protocol == new_protocol ? 12 : 11);
    const auto code = told ? error_code{told->responses.at(0).partition_responses.at(0).error_code}
                           : error_code::request_timed_out;
    sequence += code == error_code::none;
    return code;
  }
  error_code write(std::int32_t leader, const std::string& value) {
    return until_settled([&] { return write_once(leader, value); });
  }

  /// One EndTxn; with the new protocol the producer goes on with what it is told.
  error_code end_once(bool commits) {
    kafka::end_txn_request r;
    r.transactional_id = id;
    r.producer_id = number;
    r.producer_epoch = epoch;
    r.committed = commits;
    const auto told = s.ask<kafka::end_txn_response>(s.address_of(coordinator), r, protocol);
    if (!told)
      return error_code::request_timed_out;
    if (told->error_code == 0 && protocol == new_protocol) {
      number = told->producer_id;
      epoch = told->producer_epoch;
      sequence = 0;
    }
    return error_code{told->error_code};
  }
  error_code end(bool commits) {
    return until_settled([&] { return end_once(commits); });
  }
  /// Likewise, and the coordinator, as `asked` knows it, may move.
  error_code end_wherever(std::int32_t asked, bool commits) {
    return until_settled([&] {
      coordinator = find(asked);
      const auto code = end_once(commits);
      return code == error_code::request_timed_out ? error_code::not_coordinator : code;
    });
  }

 private:
  template <class Step>
  error_code until_settled(Step step) {
    auto code = step();
    for (const auto until = s.in().now() + patience; is_soon(code) && s.in().now() < until; code = step())
      s.in().run_for(50ms);
    return code;
  }
};

inline producer begin(scenario& s, std::int16_t protocol = new_protocol, std::chrono::milliseconds timeout = 10s) {
  producer p{s};
  p.protocol = protocol;
  p.coordinator = p.find(1);
  BOOST_REQUIRE(p.coordinator > 0);
  BOOST_REQUIRE(p.init(timeout) == error_code::none);
  return p;
}

/// What readers of committed records get of partition 0, once nothing is open; empty when something stays open.
inline std::optional<std::vector<std::string>> committed(scenario& s) {
  kafka::fetch_request r;
  r.isolation_level = 1;
  r.max_bytes = 1 << 20;
  r.topics.resize(1);
  r.topics[0].topic = scenario::topic;
  r.topics[0].partitions.emplace_back().partition_max_bytes = 1 << 20;
  for (const auto until = s.in().now() + patience; s.in().now() < until; s.in().run_for(100ms)) {
    const auto leader = s.await_leader(1);
    const auto told = s.ask<kafka::fetch_response>(s.address_of(leader > 0 ? leader : 1), r, 11);
    if (!told || told->responses.empty())
      continue;
    const auto& p = told->responses[0].partitions.at(0);
    if (p.error_code != 0 || p.last_stable_offset != p.high_watermark)
      continue;
    std::vector<std::string> values;
    std::int64_t from = 0;
    for (auto& [at, value] : committed_records(p, from))
      values.push_back(std::move(value));
    return values;
  }
  return std::nullopt;
}

inline bool holds_only(scenario& s, const std::vector<std::string>& values) {
  const auto found = committed(s);
  if (found && *found != values)
    for (const auto& one : *found)
      BOOST_TEST_MESSAGE("there is " << one);
  return found && *found == values;
}

}  // namespace troupe::cluster_sim::transaction_steps
