#pragma once

#include "test/sim/cluster/scenario.hpp"

#include "schema/kafka/consumer_group_describe.hpp"
#include "schema/kafka/consumer_group_heartbeat.hpp"

#include <optional>
#include <set>
#include <string>
#include <vector>

/// The group "readers", step by step: its members and its coordinator, which moves. Who finds no coordinator in time
/// fails the test.
namespace troupe::cluster_sim::group_steps {

using kafka::error_code;
using partitions = std::set<std::int32_t>;
using heartbeat_request = kafka::consumer_group_heartbeat_request;
using heartbeat_response = kafka::consumer_group_heartbeat_response;

inline constexpr auto group_name = "readers";
inline constexpr auto all_partitions = static_cast<std::size_t>(scenario::partition_count);

/// `all` that is not among `some`.
partitions without(partitions all, const partitions& some);

/// Where the group's coordinator is.
struct place {
  scenario& s;
  std::int32_t node = 0;

  /// Asks all nodes that run until one says where the coordinator is, and it is not at `other`.
  void find(std::int32_t other = 0);
  /// The coordinator's node dies, another one takes over, and the node comes back.
  void move();
  kafka::consumer_group_describe_response::group describe();
  error_code commit(const std::string& member, std::int32_t epoch, std::int32_t partition, std::int64_t offset);
  /// -1: nothing.
  std::int64_t committed(std::int32_t partition);
  /// Asks until the coordinator, which may be loading, is there for it.
  template <class Response, class Request, class CodeOf>
  Response ask(const Request& r, std::int16_t version, CodeOf code_of_response);
};

/// What node `at` alone answers to such a commit; -1 without an answer.
std::int16_t commit_at(scenario& s, std::int32_t at, const std::string& member, std::int32_t epoch,
                       std::int32_t partition, std::int64_t offset);

/// A member of the consumer protocol.
struct reader {
  place& at;
  std::string id;
  std::optional<std::string> instance = {};
  std::int32_t epoch = 0;
  partitions owned = {}, wanted = {};
  topic_id topic = {};
  bool tells_all = true;

  /// Does what it was told, says what it owns then, and hears.
  error_code beat();
  /// First gives up, then takes.
  void do_as_told();
  error_code leave(std::int32_t as = -1);
  heartbeat_request request(std::int32_t as) const;
};

/// All heartbeat in turn, none is refused and no partition ever has two readers, until all partitions are dealt out
/// evenly in one epoch and the group is described as stable. False when that does not come about.
bool settle(const std::vector<reader*>& all);

/// A consumer of the classic protocol that gives everything up before a round; alone it assigns all to itself.
struct classic_reader {
  place& at;
  std::string id = {};
  std::int32_t generation = -1;
  partitions owned = {};

  void join();
  /// Heartbeats, and joins again when it is told to. False when it is no member any more.
  bool live();
};

}  // namespace troupe::cluster_sim::group_steps
