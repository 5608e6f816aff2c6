#include "test/sim/cluster/group_steps.hpp"

#include "runtime/group/consumer_protocol.hpp"

#include "schema/kafka/find_coordinator.hpp"
#include "schema/kafka/heartbeat.hpp"
#include "schema/kafka/join_group.hpp"
#include "schema/kafka/offset_commit.hpp"
#include "schema/kafka/offset_fetch.hpp"
#include "schema/kafka/sync_group.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

namespace troupe::cluster_sim::group_steps {

namespace {

using namespace std::chrono_literals;

constexpr auto patience = 40s;
constexpr auto look_pause = 50ms;
constexpr int rounds_most = 40;
constexpr std::int32_t rebalance_timeout_ms = 10'000;

bool is_soon(error_code code) {
  return code == error_code::coordinator_not_available || code == error_code::coordinator_load_in_progress
         || code == error_code::not_coordinator;
}

kafka::offset_commit_request commit_request(const std::string& member, std::int32_t epoch, std::int32_t partition,
                                            std::int64_t offset) {
  kafka::offset_commit_request r;
  r.group_id = group_name;
  r.member_id = member;
  r.generation_id_or_member_epoch = epoch;
  auto& t = r.topics.emplace_back();
  t.name = scenario::topic;
  t.partitions.push_back({partition, offset, -1, ""});
  return r;
}

std::int16_t code_of_commit(const kafka::offset_commit_response& m) {
  return m.topics.at(0).partitions.at(0).error_code;
}

constexpr auto own_code = [](const auto& m) { return m.error_code; };

}  // namespace

partitions without(partitions all, const partitions& some) {
  std::erase_if(all, [&](auto p) { return some.contains(p); });
  return all;
}

// -- the coordinator ------------------------------------------------------------------------------------------------

void place::find(std::int32_t other) {
  kafka::find_coordinator_request r;
  r.coordinator_keys = {group_name};
  for (const auto until = s.in().now() + patience; s.in().now() < until; s.in().run_for(look_pause)) {
    for (std::int32_t asked = 1; asked <= s.shape().nodes; ++asked) {
      if (asked == other || !s.node(asked).is_running())
        continue;
      const auto told = s.ask<kafka::find_coordinator_response>(s.address_of(asked), r, 4);
      if (told && told->coordinators.at(0).error_code == 0 && told->coordinators[0].node_id != other) {
        node = told->coordinators[0].node_id;
        return;
      }
    }
  }
  BOOST_FAIL("no coordinator is found");
}

void place::move() {
  const auto old = node;
  s.node(old).crash();
  find(old);
  s.node(old).start();
  BOOST_TEST(s.await_in_sync(node, 3));
}

template <class Response, class Request, class CodeOf>
Response place::ask(const Request& r, std::int16_t version, CodeOf code_of_response) {
  for (const auto until = s.in().now() + patience; s.in().now() < until; s.in().run_for(look_pause)) {
    const auto told = s.ask<Response>(s.address_of(node), r, version);
    if (told && !is_soon(static_cast<error_code>(code_of_response(*told))))
      return *told;
    find();
  }
  BOOST_FAIL("the coordinator does not answer");
  return {};
}

kafka::consumer_group_describe_response::group place::describe() {
  kafka::consumer_group_describe_request r;
  r.group_ids = {group_name};
  return ask<kafka::consumer_group_describe_response>(r, 1, [](const auto& m) { return m.groups.at(0).error_code; })
    .groups.at(0);
}

error_code place::commit(const std::string& member, std::int32_t epoch, std::int32_t partition, std::int64_t offset) {
  return static_cast<error_code>(code_of_commit(
    ask<kafka::offset_commit_response>(commit_request(member, epoch, partition, offset), 9, code_of_commit)));
}

std::int64_t place::committed(std::int32_t partition) {
  kafka::offset_fetch_request r;
  auto& g = r.groups.emplace_back();
  g.group_id = group_name;
  g.topics.emplace().emplace_back().name = scenario::topic;
  g.topics->back().partition_indexes = {partition};
  return ask<kafka::offset_fetch_response>(r, 9, [](const auto& m) { return m.groups.at(0).error_code; })
    .groups.at(0).topics.at(0).partitions.at(0).committed_offset;
}

std::int16_t commit_at(scenario& s, std::int32_t at, const std::string& member, std::int32_t epoch,
                       std::int32_t partition, std::int64_t offset) {
  const auto told = s.ask<kafka::offset_commit_response>(s.address_of(at),
                                                         commit_request(member, epoch, partition, offset), 9);
  return told ? code_of_commit(*told) : std::int16_t{-1};
}

// -- a member of the consumer protocol ------------------------------------------------------------------------------

heartbeat_request reader::request(std::int32_t as) const {
  heartbeat_request r;
  r.group_id = group_name;
  r.member_id = id;
  r.member_epoch = as;
  r.instance_id = instance;
  if (as < 0)
    return r;
  if (tells_all) {
    r.rebalance_timeout_ms = rebalance_timeout_ms;
    r.subscribed_topic_names = {scenario::topic};
  }
  auto& said = r.topic_partitions.emplace();
  if (!owned.empty())
    said.push_back({topic, {owned.begin(), owned.end()}});
  return r;
}

error_code reader::beat() {
  do_as_told();
  const auto told = at.ask<heartbeat_response>(request(epoch), 1, own_code);
  if (told.error_code != 0)
    return static_cast<error_code>(told.error_code);
  tells_all = false;
  epoch = told.member_epoch;
  if (told.assignment) {
    wanted.clear();
    for (const auto& part : told.assignment->topic_partitions) {
      topic = part.topic_id;
      wanted.insert(part.partitions.begin(), part.partitions.end());
    }
  }
  return error_code::none;
}

void reader::do_as_told() {
  const auto kept = without(owned, without(owned, wanted));
  owned = kept == owned ? wanted : kept;
}

error_code reader::leave(std::int32_t as) {
  return static_cast<error_code>(at.ask<heartbeat_response>(request(as), 1, own_code).error_code);
}

bool settle(const std::vector<reader*>& all) {
  auto& at = all.front()->at;
  for (int round = 0; round < rounds_most; ++round, at.s.in().run_for(look_pause)) {
    for (auto* r : all) {
      BOOST_TEST((r->beat() == error_code::none));
      for (std::int32_t p = 0; p < scenario::partition_count; ++p)
        BOOST_TEST(std::ranges::count_if(all, [&](const auto* one) { return one->owned.contains(p); }) <= 1);
    }
    std::size_t sum = 0, least = all_partitions, most = 0;
    for (const auto* r : all) {
      sum += r->owned.size();
      least = std::min(least, r->owned.size());
      most = std::max(most, r->owned.size());
    }
    const bool is_one = std::ranges::all_of(all, [&](const auto* r) {
      return r->owned == r->wanted && r->epoch == all.front()->epoch;
    });
    if (is_one && sum == all_partitions && most - least <= 1)
      return at.describe().group_state == "Stable";
  }
  return false;
}

// -- a member of the classic protocol -------------------------------------------------------------------------------

void classic_reader::join() {
  constexpr auto protocol = "range";
  owned.clear();
  kafka::join_group_request r;
  r.group_id = group_name;
  r.session_timeout_ms = r.rebalance_timeout_ms = rebalance_timeout_ms;
  r.protocol_type = group::consumer_protocol;
  kafka::writer subscription;
  subscription.write(std::int16_t{0});
  subscription.write_array(std::vector<std::string>{scenario::topic}, 0, false);
  subscription.write(std::int32_t{-1});  // no data of its own
  r.protocols.push_back({protocol, flatten(std::move(subscription).finish())});
  r.member_id = id;
  auto told = at.ask<kafka::join_group_response>(r, 9, own_code);
  if (static_cast<error_code>(told.error_code) == error_code::member_id_required) {
    r.member_id = told.member_id;
    told = at.ask<kafka::join_group_response>(r, 9, own_code);
  }
  BOOST_TEST_REQUIRE(told.error_code == 0);
  id = told.member_id;
  generation = told.generation_id;
  kafka::sync_group_request sync;
  sync.group_id = group_name;
  sync.generation_id = generation;
  sync.member_id = id;
  sync.protocol_type = group::consumer_protocol;
  sync.protocol_name = protocol;
  if (told.leader == id)
    sync.assignments.push_back({id, group::encode_assignment(0, {{scenario::topic, {0, 1, 2}}})});
  const auto given = at.ask<kafka::sync_group_response>(sync, 5, own_code);
  BOOST_TEST_REQUIRE(given.error_code == 0);
  const auto share = group::parse_assignment(given.assignment).value_or(group::named_partitions{});
  if (const auto found = share.find(scenario::topic); found != share.end())
    owned.insert(found->second.begin(), found->second.end());
}

bool classic_reader::live() {
  kafka::heartbeat_request r;
  r.group_id = group_name;
  r.member_id = id;
  r.generation_id = generation;
  const auto code = static_cast<error_code>(at.ask<kafka::heartbeat_response>(r, 4, own_code).error_code);
  if (code == error_code::rebalance_in_progress)
    join();
  return code == error_code::none || code == error_code::rebalance_in_progress;
}

}  // namespace troupe::cluster_sim::group_steps
