#pragma once

#include "runtime/kafka/errors.hpp"
#include "tools/sim/simulated_cluster.hpp"

#include <caf/actor.hpp>

#include "schema/kafka/fetch.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe::cluster_sim {

/// What became of a send so far.
struct sent {
  bool is_over = false;
  std::optional<kafka::error_code> code;  ///< none while it is not over, or when the connection broke
  std::int64_t offset = -1;

  bool is_acknowledged() const { return code == kafka::error_code::none; }
};

/// Nodes that have formed a cluster, three unless told otherwise, and steps for directed tests of its partition 0. They
/// are named by id.
class scenario : public simulated_cluster {
 public:
  /// Forms the cluster; a failure to do so is a failure of the test.
  explicit scenario(std::uint64_t seed, std::vector<std::string> settings = {});
  scenario(std::uint64_t seed, cluster_shape shape);

  /// Sends `value` to node `to` and goes on; the result fills itself.
  std::shared_ptr<const sent> begin_send(std::int32_t to, const std::string& value, std::int16_t acks,
                                         std::chrono::milliseconds timeout = std::chrono::seconds{3});
  /// As `begin_send`, and waits until it is over.
  sent send(std::int32_t to, const std::string& value, std::int16_t acks);
  /// Sends with acks=all to whoever leads, as `asked` knows, until it is acknowledged; -1 when it never is.
  std::int64_t append(std::int32_t asked, const std::string& value);
  /// Sends one batch with these values to `to`, acks=all; the offset of the first, -1 when it is refused.
  std::int64_t append_batch(std::int32_t to, const std::vector<std::string>& values);
  /// Waits until `asked` says that a node leads that is none of `others`; 0 when none does in time.
  std::int32_t await_leader(std::int32_t asked, std::initializer_list<std::int32_t> others = {});
  /// Waits until `asked` says that so many replicas are in sync.
  bool await_in_sync(std::int32_t asked, std::size_t count);
  /// Asks node `asked` to move partition 0 to `target`, or to cancel its move; the error code, -1 without an answer.
  std::int16_t reassign(std::int32_t asked, std::optional<std::vector<std::int32_t>> target);
  /// Makes `id` the preferred leader of partition 0 and has it elected, asking `asked`. False when it does not lead
  /// then.
  bool let_lead(std::int32_t id, std::int32_t asked);
  /// The actor of partition 0 at node `id`, which leads it.
  caf::actor leader_actor(std::int32_t id);
  /// What can be read at node `at` as the leader from offset `from` on, by offset; none when it serves nothing, or not
  /// what it was sent.
  std::optional<std::map<std::int64_t, std::string>> read(std::int32_t at, std::int64_t from = 0);
  /// The records of a fetch by offset; `next` is set to where the ones after them begin.
  static std::map<std::int64_t, std::string> records_of(const kafka::fetch_response_partition_data& partition,
                                                        std::int64_t* next = nullptr);
  /// Any node of three that is not `id`, the same each time; likewise below.
  static std::int32_t other_than(std::int32_t id) { return id % 3 + 1; }
  static std::int32_t third(std::int32_t a, std::int32_t b) { return 6 - a - b; }
  /// Cuts `id` off from the other nodes, not from clients.
  void cut_from_nodes(std::int32_t id);
  void heal_to_nodes(std::int32_t id);
  /// Everything into sync, a clean stop, equal replicas; fails the test with what is wrong. Disks that do not all work
  /// excuse errors in the log.
  void end_well(bool disks_work = true);

 private:
  const std::uint64_t seed_;
  client sending_;
};

/// Whether what was read of a log has `value` at offset `at`.
bool holds(const std::optional<std::map<std::int64_t, std::string>>& log, std::int64_t at, const std::string& value);

}  // namespace troupe::cluster_sim
