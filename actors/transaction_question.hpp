#pragma once

#include "actors/coordination.hpp"
#include "runtime/base/error.hpp"
#include "runtime/base/journal_record.hpp"

#include <cstdint>
#include <string>

namespace troupe {

/// A producer that says it has a transaction.
struct transaction_claim {
  std::string id;
  journal_producer producer;
  bool adds_partition = false;  ///< what it writes to becomes a part of it; else it must be one (KIP-890)
};

/// The question whether a partition is a part of the transaction.
transaction_question ask_about(const transaction_claim& who, const std::string& topic, std::int32_t partition);

/// What the coordinator says; none: it is. Errors: `invalid_producer_epoch` of the log's domain, and of the node's
/// `unknown_transaction`, `concurrent_transactions`, `not_in_transaction`, `transaction_unverified`.
error verdict_of(const wire<schema::CoordinatorReply>& m);

}  // namespace troupe
