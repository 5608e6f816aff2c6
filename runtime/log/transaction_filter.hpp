#pragma once

#include "runtime/log/aborted.hpp"
#include "runtime/log/batch_head.hpp"
#include "runtime/log/batch.hpp"

#include <set>
#include <unordered_map>
#include <vector>

namespace troupe::log {

/// What compaction knows of transactions while it walks through a log from its start: records of aborted ones go, and a
/// marker stays as long as there is something that it speaks of (KAFKA-8351, KIP-534).
class transaction_filter {
 public:
  /// `aborted`: those of the whole log.
  explicit transaction_filter(const std::vector<aborted_transaction>& aborted);

  /// Whether a batch of data belongs to an aborted transaction.
  bool is_aborted(const batch_view& batch) const;
  /// A batch of data is met.
  void see(const batch_view& batch);
  /// A control batch is met: whether nothing of its transaction was met before it, and nobody is told of it, so that it
  /// may go.
  bool is_idle_marker(const batch_view& batch);
  /// Aborted transactions whose marker lies in [from, to) and of which readers must still be told: of the others no
  /// record was met. To be asked when all up to `to` was met.
  std::vector<aborted_transaction> left(offset from, offset to) const;

 private:
  const aborted_transaction* find(producer_id producer, offset at) const;

  std::unordered_map<producer_id, std::vector<aborted_transaction>> aborted_;  ///< in their order
  std::unordered_map<producer_id, std::set<offset>> with_data_;  ///< markers of aborted transactions that have records
  std::set<producer_id> committing_;  ///< records of a transaction that was not aborted were met, its marker was not
};

}  // namespace troupe::log
