#include "test/sim/cluster/scenario.hpp"

#include "runtime/log/batch.hpp"
#include "runtime/log/batch_builder.hpp"
#include "runtime/log/record.hpp"
#include "runtime/metadata/image.hpp"
#include "runtime/node/context.hpp"

#include "schema/kafka/alter_partition_reassignments.hpp"
#include "schema/kafka/elect_leaders.hpp"
#include "schema/kafka/fetch.hpp"
#include "schema/kafka/produce.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdlib>
#include <iostream>

namespace troupe::cluster_sim {

namespace {

using namespace std::chrono_literals;

constexpr auto patience = 60s;
constexpr auto read_patience = 5s;
constexpr auto look_pause = 50ms;
constexpr std::int64_t record_time_ms = 1'700'000'000'000;
constexpr std::size_t unpacked_bytes_max = 1 << 20;
constexpr std::int16_t leaders_only = 10;  // the last version of Fetch that followers do not serve

byte_slice batch_of(const std::string& value) {
  log::batch_builder builder{{}};
  builder.add({record_time_ms, {}, as_bytes(value), {}});
  return std::move(builder).finish().value();
}

bool are_intact(bytes_view batches) {
  log::batch_run run{batches};
  for (auto batch = run.next(); batch && *batch; batch = run.next())
    if (!(*batch)->check_crc())
      return false;
  return true;
}

}  // namespace

scenario::scenario(std::uint64_t seed, std::vector<std::string> settings)
  : scenario(seed, cluster_shape{.settings = std::move(settings)}) {}

scenario::scenario(std::uint64_t seed, cluster_shape shape)
  : simulated_cluster({.seed = seed, .disturbs_sites = false}, std::move(shape)),
    seed_(seed),
    sending_(in(), "sender") {
  if (std::getenv("TROUPE_TRACE"))
    in().told().listen([](const std::string& line) { std::cerr << line << '\n'; });
  BOOST_REQUIRE_MESSAGE(form(), "no cluster is formed\n" << in().last_events(60));
}

// -- sending and reading ----------------------------------------------------------------------------------------------

std::shared_ptr<const sent> scenario::begin_send(std::int32_t to, const std::string& value, std::int16_t acks,
                                                 std::chrono::milliseconds timeout) {
  auto result = std::make_shared<sent>();
  kafka::produce_request request;
  request.acks = acks;
  request.timeout_ms = static_cast<std::int32_t>(timeout.count());
  request.topic_data.resize(1);
  request.topic_data[0].name = topic;
  request.topic_data[0].partition_data = {{0, batch_of(value)}};
  sending_.call<kafka::produce_response>(address_of(to), request, 9, timeout + 5s,
                                         [result](expected<kafka::produce_response> answer) {
                                           result->is_over = true;
                                           if (!answer)
                                             return;
                                           const auto& told = answer->responses.at(0).partition_responses.at(0);
                                           result->code = static_cast<kafka::error_code>(told.error_code);
                                           result->offset = told.base_offset;
                                         });
  return result;
}

sent scenario::send(std::int32_t to, const std::string& value, std::int16_t acks) {
  const auto result = begin_send(to, value, acks);
  in().run_until([&] { return result->is_over; }, patience);
  return *result;
}

std::int64_t scenario::append(std::int32_t asked, const std::string& value) {
  for (const auto until = in().now() + patience; in().now() < until; in().run_for(look_pause))
    if (const auto leader = leader_of(0, asked); leader > 0)
      if (const auto result = send(leader, value, -1); result.is_acknowledged())
        return result.offset;
  return -1;
}

std::int64_t scenario::append_batch(std::int32_t to, const std::vector<std::string>& values) {
  log::batch_builder batch{{}};
  for (const auto& value : values)
    batch.add({record_time_ms, {}, as_bytes(value), {}});
  kafka::produce_request r;
  r.acks = -1;
  r.timeout_ms = 3'000;
  auto& t = r.topic_data.emplace_back();
  t.name = topic;
  t.partition_data = {{0, std::move(batch).finish().value()}};
  const auto told = ask<kafka::produce_response>(address_of(to), r, 9);
  if (!told || told->responses.at(0).partition_responses.at(0).error_code != 0)
    return -1;
  return told->responses[0].partition_responses[0].base_offset;
}

std::int16_t scenario::reassign(std::int32_t asked, std::optional<std::vector<std::int32_t>> target) {
  kafka::alter_partition_reassignments_request r;
  auto& moved = r.topics.emplace_back();
  moved.name = topic;
  moved.partitions.push_back({0, std::move(target)});
  const auto told = ask<kafka::alter_partition_reassignments_response>(address_of(asked), r, 1);
  return told ? told->responses.at(0).partitions.at(0).error_code : std::int16_t{-1};
}

bool scenario::let_lead(std::int32_t id, std::int32_t asked) {
  std::vector<std::int32_t> order{id};
  if (const auto told = ask_metadata(asked); told && !told->topics.empty())
    for (const auto& p : told->topics[0].partitions)
      if (p.partition_index == 0)
        for (const auto other : p.replica_nodes)
          if (other != id)
            order.push_back(other);
  if (reassign(asked, order) != 0)
    return false;
  kafka::elect_leaders_request r;
  auto& elected = r.topic_partitions.emplace().emplace_back();
  elected.topic = topic;
  elected.partitions = {0};
  const auto told = ask<kafka::elect_leaders_response>(address_of(asked), r, 2);
  in().run_for(look_pause);
  return told && leader_of(0, asked) == id;
}

caf::actor scenario::leader_actor(std::int32_t id) {
  const auto view = running().at(name_of(id))->view.get();
  const auto found = view->image->find_topic(std::string_view{topic});
  return found ? view->replicas.leader_of({found->id, partition_index{0}}) : caf::actor{};
}

std::map<std::int64_t, std::string> scenario::records_of(const kafka::fetch_response_partition_data& partition,
                                                         std::int64_t* next) {
  std::map<std::int64_t, std::string> found;
  const auto bytes = partition.records ? flatten(partition.records->parts) : byte_slice{};
  log::batch_run run{bytes};
  for (auto batch = run.next(); batch && *batch; batch = run.next()) {
    const auto unpacked = log::unpacked_records::of(**batch, unpacked_bytes_max);
    log::record_run records{unpacked.value()};
    for (auto record = records.next().value(); record; record = records.next().value())
      found[(*batch)->base_offset().value + record->offset_delta] = as_text(record->value.value());
    if (next)
      *next = (*batch)->next_offset().value;
  }
  return found;
}

std::optional<std::map<std::int64_t, std::string>> scenario::read(std::int32_t at, std::int64_t from) {
  std::map<std::int64_t, std::string> found;
  const auto until = in().now() + read_patience;
  for (auto position = from;;) {
    kafka::fetch_request request;
    request.max_wait_ms = 0;
    request.min_bytes = 0;
    request.topics.resize(1);
    request.topics[0].topic = topic;
    auto& wanted = request.topics[0].partitions.emplace_back();
    wanted.fetch_offset = position;
    wanted.partition_max_bytes = 1 << 20;
    auto answer = ask<kafka::fetch_response>(address_of(at), request, leaders_only);
    if (!answer)  // the node may have ended since it was asked last, and the connection with it
      answer = ask<kafka::fetch_response>(address_of(at), request, leaders_only);
    if (!answer || answer->responses.empty())
      return std::nullopt;
    const auto code = static_cast<kafka::error_code>(answer->responses[0].partitions.at(0).error_code);
    if (code == kafka::error_code::offset_not_available && in().now() < until) {
      in().run_for(look_pause);  // a new leader does not know yet what is committed
      continue;
    }
    if (code != kafka::error_code::none)
      return std::nullopt;
    const auto before = position;
    const auto whole = answer->responses[0].partitions[0].records;
    if (whole && !are_intact(flatten(whole->parts)))
      return std::nullopt;
    found.merge(records_of(answer->responses[0].partitions[0], &position));
    if (position == before)
      return found;
  }
}

// -- waiting ----------------------------------------------------------------------------------------------------------

std::int32_t scenario::await_leader(std::int32_t asked, std::initializer_list<std::int32_t> others) {
  for (const auto until = in().now() + patience; in().now() < until; in().run_for(look_pause))
    if (const auto leader = leader_of(0, asked);
        leader > 0 && std::find(others.begin(), others.end(), leader) == others.end())
      return leader;
  return 0;
}

bool scenario::await_in_sync(std::int32_t asked, std::size_t count) {
  for (const auto until = in().now() + patience; in().now() < until; in().run_for(look_pause))
    if (const auto told = ask_metadata(asked); told && !told->topics.empty())
      for (const auto& p : told->topics[0].partitions)
        if (p.partition_index == 0 && p.isr_nodes.size() == count)
          return true;
  return false;
}

// -- faults and the end -----------------------------------------------------------------------------------------------

void scenario::cut_from_nodes(std::int32_t id) {
  for (std::int32_t other = 1; other <= shape().nodes; ++other)
    if (other != id)
      in().net().cut_both(name_of(id), name_of(other));
}

void scenario::heal_to_nodes(std::int32_t id) {
  for (std::int32_t other = 1; other <= shape().nodes; ++other)
    if (other != id)
      in().net().heal_both(name_of(id), name_of(other));
}

void scenario::end_well(bool disks_work) {
  BOOST_TEST_INFO("seed " << seed_);
  BOOST_TEST(settle(patience));
  auto wrong = stop_all();
  for (auto& w : wrong_with_replicas())
    wrong.push_back(std::move(w));
  for (auto& w : wrong_with_processes(disks_work))
    wrong.push_back(std::move(w));
  for (const auto& w : wrong)
    BOOST_ERROR("seed " << seed_ << ": " << w);
}

bool holds(const std::optional<std::map<std::int64_t, std::string>>& log, std::int64_t at, const std::string& value) {
  return log && log->contains(at) && log->at(at) == value;
}

}  // namespace troupe::cluster_sim
