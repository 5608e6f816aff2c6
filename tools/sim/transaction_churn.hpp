#pragma once

#include "tools/sim/committed_reader.hpp"
#include "tools/sim/simulated_cluster.hpp"
#include "tools/sim/transactional_client.hpp"

#include <memory>
#include <string>
#include <vector>

namespace troupe::cluster_sim {

/// A few transactional producers of both protocols and a reader of committed records, on a topic of their own, while
/// faults happen. In the end every transaction is over within its time, and the topic holds all of the committed ones
/// and nothing else.
class transaction_churn {
 public:
  static constexpr const char* topic = "transfers";

  /// `cluster` and `defects` outlive it.
  transaction_churn(simulated_cluster& cluster, std::vector<std::string>& defects);

  void start();
  /// From now on nobody begins a transaction.
  void stop();
  /// All producers have ended what they had begun.
  bool is_idle() const;
  /// Reads everything once more.
  void begin_final_read();
  bool has_read_everything() const { return !is_started_ || (final_ && final_->is_idle() && live_->is_idle()); }
  void judge() { oracle_.judge(); }
  std::string describe() const;

 private:
  void make_topic();

  simulated_cluster& cluster_;
  transaction_oracle oracle_;
  client by_;
  std::vector<std::unique_ptr<transactional_client>> clients_;
  std::unique_ptr<committed_reader> live_;
  std::unique_ptr<committed_reader> final_;
  bool is_started_ = false;
  bool is_stopped_ = false;
};

}  // namespace troupe::cluster_sim
