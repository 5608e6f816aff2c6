#pragma once

#include "tools/sim/client.hpp"
#include "tools/sim/cluster_client.hpp"
#include "tools/sim/transaction_oracle.hpp"

#include "schema/kafka/fetch.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace troupe::cluster_sim {

/// The records in the answer to a fetch with `isolation.level=read_committed`, as Kafka's consumer picks them out: by
/// offset, from `position` on, which is moved behind the last one.
std::vector<std::pair<std::int64_t, std::string>> committed_records(const kafka::fetch_response_partition_data& told,
                                                                    std::int64_t& position);

/// Reads all partitions of a topic from the start with `isolation.level=read_committed`, as Kafka's consumer does, and
/// tells the oracle what it gets.
class committed_reader {
 public:
  /// `oracle` outlives it.
  committed_reader(sim::world& in, const std::string& host, std::vector<endpoint> brokers, std::string topic,
                   transaction_oracle& oracle);

  /// Reads on and on, until it has come to where the partitions end after `finish`.
  void start();
  void finish() { is_finishing_ = true; }
  bool is_idle() const { return is_idle_; }
  std::string describe() const;

 private:
  void poll();
  void polled(std::int32_t partition, const expected<kafka::fetch_response>& answer);
  void take(std::int32_t partition, const kafka::fetch_response_partition_data& told);
  void next();

  client by_;
  cluster_client routed_;
  transaction_oracle& oracle_;
  std::vector<std::int64_t> positions_;  ///< by partition
  std::vector<bool> is_at_end_;          ///< nothing was open and nothing left, when last asked
  std::int32_t turn_ = 0;
  bool is_finishing_ = false;
  bool is_idle_ = false;
  std::string at_ = "not begun";
};

}  // namespace troupe::cluster_sim
