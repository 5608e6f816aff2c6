#pragma once

#include "tools/sim/client.hpp"

#include "schema/kafka/metadata.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace troupe::cluster_sim {

/// What a Kafka client knows of the cluster: which node leads which partition of one topic. Asks the brokers that it
/// was told of, one after the other; what it hears of an older leader epoch than it knows is not believed. Lives no
/// longer than its client.
class cluster_client {
 public:
  struct leader {
    endpoint at;
    std::int32_t epoch = -1;
  };

  /// `by` outlives it.
  cluster_client(client& by, std::vector<endpoint> brokers, std::string topic)
    : by_(by), brokers_(std::move(brokers)), topic_(std::move(topic)) {}

  client& by() { return by_; }
  const std::string& topic() const { return topic_; }

  /// Who leads the partition, as far as is known; none when nobody does or nothing is known.
  std::optional<leader> leader_of(std::int32_t partition) const;
  /// Any of the brokers, another one each time.
  const endpoint& any_broker() { return brokers_[next_broker_++ % brokers_.size()]; }
  /// Asks the next broker; `then` is called whether or not it answered.
  void refresh(std::function<void()> then);
  /// Takes over what a broker said.
  void learn(const kafka::metadata_response& m);

 private:
  client& by_;
  const std::vector<endpoint> brokers_;
  const std::string topic_;
  std::map<std::int32_t, leader> leaders_;  ///< by partition; without an address while there is none
  std::size_t next_broker_ = 0;
};

}  // namespace troupe::cluster_sim
