#include "actors/transaction_question.hpp"

#include "runtime/kafka/errors.hpp"
#include "runtime/kafka/request.hpp"
#include "runtime/log/errors.hpp"
#include "runtime/node/errors.hpp"
#include "schema/kafka/add_partitions_to_txn.hpp"

#include <utility>

namespace troupe {

namespace {

using kafka::error_code;
using schema::CoordinatorReply;

constexpr std::int16_t version = kafka::add_partitions_to_txn_request::max_version;

}  // namespace

transaction_question ask_about(const transaction_claim& who, const std::string& topic, std::int32_t partition) {
  kafka::add_partitions_to_txn_request r;
  auto& t = r.transactions.emplace_back();
  t.transactional_id = who.id;
  t.producer_id = who.producer.id.value;
  t.producer_epoch = who.producer.epoch;
  t.verify_only = !who.adds_partition;
  t.topics = {{topic, {partition}}};
  kafka::writer out;
  r.encode(out, version);
  return {who.id, flatten(std::move(out).finish())};
}

error verdict_of(const wire<CoordinatorReply>& m) {
  kafka::reader in{std::get<byte_slice>(m.attachment(m->getBody()))};
  kafka::add_partitions_to_txn_response r;
  r.decode(in, version);
  auto code = error_code::unknown_server_error;
  if (in.ok() && r.error_code != 0)
    code = error_code{r.error_code};
  else if (in.ok() && !r.results_by_transaction.empty() && !r.results_by_transaction[0].topic_results.empty()
           && !r.results_by_transaction[0].topic_results[0].results_by_partition.empty())
    code = error_code{r.results_by_transaction[0].topic_results[0].results_by_partition[0].partition_error_code};
  if (code == error_code::none)
    return {};
  if (code == error_code::producer_fenced)  // what producers know as the answer to their batches
    return log::make_error(log::errc::invalid_producer_epoch,
                           "the transactional producer has been replaced by one with a newer epoch");
  if (code == error_code::invalid_producer_id_mapping)
    return make_error(node_errc::unknown_transaction, "the coordinator knows no such producer");
  if (code == error_code::concurrent_transactions)
    return make_error(node_errc::concurrent_transactions, "the producer's last transaction is still being ended");
  if (code == error_code::transaction_abortable || code == error_code::invalid_txn_state)
    return make_error(node_errc::not_in_transaction, "the partition is no part of the producer's transaction");
  return make_error(node_errc::transaction_unverified,
                    "the transaction's coordinator answered " + std::string{kafka::name_of(code)});
}

}  // namespace troupe
