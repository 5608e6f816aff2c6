#pragma once

#include "runtime/group/effects.hpp"
#include "runtime/transaction/state.hpp"
#include "schema/kafka/add_offsets_to_txn.hpp"
#include "schema/kafka/add_partitions_to_txn.hpp"
#include "schema/kafka/end_txn.hpp"
#include "schema/kafka/init_producer_id.hpp"

#include <cstdint>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace troupe::transaction {

using group::batch;
using group::caller;
using group::moment;
using group::request_id;
using group::ticket;

/// The body of an answer.
using response = std::variant<kafka::init_producer_id_response, kafka::add_partitions_to_txn_response,
                              kafka::add_offsets_to_txn_response, kafka::end_txn_response>;

/// An answer to a request; each request gets exactly one.
struct answer {
  request_id to;
  response body;
};

/// Partitions that must get the marker of a transaction. Call `marked` as they have it.
struct marker_order {
  std::string id;
  producer_id producer;
  std::int16_t epoch = -1;
  bool commits = false;
  std::int16_t client_version = 0;
  std::set<participant> partitions;
};

/// What a step asks of its caller.
struct effects {
  /// To be sent at once.
  std::vector<answer> answers;
  /// To be appended in this order, and behind those of earlier steps. Call `committed` or `refused` for each, in the
  /// same order.
  std::vector<batch> batches;
  std::vector<marker_order> markers;
  /// A producer id is needed: call `give_producer_id` or `no_producer_id_for_now`, once for each time this was said.
  bool wants_producer_id = false;
  /// What a person may want to know, a line each.
  std::vector<std::string> notes;
};

}  // namespace troupe::transaction
