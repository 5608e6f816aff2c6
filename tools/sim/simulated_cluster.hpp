#pragma once

#include "runtime/check/replica_checks.hpp"
#include "runtime/sim/world.hpp"
#include "tools/sim/client.hpp"
#include "tools/sim/cluster_shape.hpp"
#include "tools/sim/node_process.hpp"

#include "schema/kafka/metadata.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe::cluster_sim {

/// Real nodes n1, n2 and so on in a world, which form a cluster with one topic. The first start of n1 founds the
/// cluster; all later ones seek it.
class simulated_cluster {
 public:
  static constexpr std::int32_t partition_count = 3;
  static constexpr const char* topic = "lines";

  /// `{id}` in the shape's settings stands for the node's id.
  simulated_cluster(const sim::world_options& how, cluster_shape shape);

  sim::world& in() { return world_; }
  const cluster_shape& shape() const { return shape_; }
  sim::machine& node(std::int32_t id) { return *machines_.at(static_cast<std::size_t>(id - 1)); }
  static std::string name_of(std::int32_t id) { return "n" + std::to_string(id); }
  /// Where node `id` serves clients.
  static endpoint address_of(std::int32_t id) { return {name_of(id), 9092}; }
  std::vector<endpoint> addresses() const;

  /// Starts the nodes and makes the topic. False when that has not come about in time.
  bool form();
  /// Waits until all nodes say that each partition has a leader and all replicas in sync, as many as the topic has.
  bool settle(std::chrono::nanoseconds patience);
  /// What node `id` tells of the topic; none when it does not answer.
  std::optional<kafka::metadata_response> ask_metadata(std::int32_t id);
  /// Who leads `partition`, as far as `asked` knows; 0 when it does not know.
  std::int32_t leader_of(std::int32_t partition, std::int32_t asked);
  /// Where the readable records of each partition end; none when not all leaders say so in time.
  std::optional<std::vector<offset>> ask_ends(std::chrono::nanoseconds patience);
  /// One request of the test's own client, and time goes on until it is over.
  template <class Response, class Request>
  expected<Response> ask(const endpoint& at, const Request& request, std::int16_t version);

  /// Stops all nodes cleanly, and says of which of them that failed.
  std::vector<std::string> stop_all();
  /// The batches in node `id`'s log of `partition`, as they lie on its disk.
  check::replica_log log_of(std::int32_t id, std::int32_t partition);
  /// What in the replicas of all partitions contradicts what a settled cluster must be like.
  std::vector<std::string> wrong_with_replicas();
  /// The contexts of the nodes that run, by machine.
  const std::map<std::string, node_context*>& running() const { return defects_.running; }
  /// What the processes did that no fault explains. Where disks work, nothing is logged as an error, no start fails.
  std::vector<std::string> wrong_with_processes(bool disks_work = true) const;

 private:
  bool create_topic();
  bool is_settled_at(std::int32_t id);

  const cluster_shape shape_;
  node_defects defects_;
  sim::world world_;
  std::vector<sim::machine*> machines_;
  std::map<std::int32_t, std::vector<std::int32_t>> replicas_;  ///< by partition, as they were last settled
  client asking_;
};

template <class Response, class Request>
expected<Response> simulated_cluster::ask(const endpoint& at, const Request& request, std::int16_t version) {
  const auto got = std::make_shared<std::optional<expected<Response>>>();
  asking_.call<Response>(at, request, version, std::chrono::seconds{5},
                         [got](expected<Response> answer) { got->emplace(std::move(answer)); });
  world_.run_until([&] { return got->has_value(); }, std::chrono::seconds{10});
  return std::move(**got);
}

}  // namespace troupe::cluster_sim
