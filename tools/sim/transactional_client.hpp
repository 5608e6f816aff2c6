#pragma once

#include "runtime/kafka/errors.hpp"
#include "runtime/log/batch_builder.hpp"
#include "tools/sim/client.hpp"
#include "tools/sim/cluster_client.hpp"
#include "tools/sim/transaction_oracle.hpp"

#include "schema/kafka/produce.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace troupe::cluster_sim {

/// One transactional producer, as real ones behave: finds its coordinator, gets its producer id, then begins, writes
/// one line to each of some partitions, and commits or aborts; starts over with a new epoch when it is fenced. Uses the
/// protocol with an epoch a transaction (KIP-890), or the one before it. Now and then it falls silent in a transaction,
/// until its time is over, or forgets that it has one, as a process that is killed does.
class transactional_client {
 public:
  /// `oracle` outlives it.
  transactional_client(sim::world& in, const std::string& host, std::vector<endpoint> brokers, std::string topic,
                       bool bumps_epochs, transaction_oracle& oracle);

  void start();
  /// Ends what is under way and begins nothing more.
  void stop() { is_stopping_ = true; }
  bool is_idle() const { return is_idle_; }
  std::string describe() const;

 private:
  using code = kafka::error_code;

  void find();
  void init();
  void begin();
  void add_partitions();
  void produce(std::int32_t partition);
  void produced(std::int32_t partition, const expected<kafka::produce_response>& answer);
  void finish();
  void end(bool commits);
  void ended(bool commits, code told, std::int64_t producer, std::int16_t epoch);
  /// The client knows no more what its producer may do: the next epoch shall tell.
  void give_up();
  void soon(void (transactional_client::*step)());
  log::batch_fields fields_for(std::int32_t partition) const;

  client by_;
  cluster_client routed_;
  sim::prng random_;
  const std::vector<endpoint> brokers_;
  const bool bumps_epochs_;
  transaction_oracle& oracle_;
  const std::string id_;
  std::optional<endpoint> coordinator_;
  std::int64_t producer_ = -1;
  std::int16_t epoch_ = -1;
  std::map<std::int32_t, std::int32_t> sequences_;
  std::string value_;                     ///< of the transaction that is open
  std::set<std::int32_t> left_;           ///< partitions that have not acknowledged it
  std::optional<bool> is_ending_;         ///< whether EndTxn was sent, and to commit
  int failures_ = 0;                      ///< in this step
  bool is_stopping_ = false;
  bool is_idle_ = false;
  std::string at_ = "not begun";
};

}  // namespace troupe::cluster_sim
