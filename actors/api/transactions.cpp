// What transactional producers ask their coordinator: InitProducerId, AddPartitionsToTxn, AddOffsetsToTxn and EndTxn.
// And WriteTxnMarkers, by which an operator ends a transaction that hangs.
#include "actors/api/coordinator_calls.hpp"
#include "actors/api/partition_calls.hpp"
#include "runtime/metadata/image.hpp"
#include "runtime/wire/caf.hpp"
#include "schema/coordinator.capnp.h"
#include "schema/kafka/add_offsets_to_txn.hpp"
#include "schema/kafka/add_partitions_to_txn.hpp"
#include "schema/kafka/end_txn.hpp"
#include "schema/kafka/init_producer_id.hpp"
#include "schema/kafka/write_txn_markers.hpp"

#include <caf/all.hpp>

#include <algorithm>

namespace troupe::api {

namespace {

using kafka::code_of;
using kafka::error_code;
using schema::MarkerReply;
using schema::MarkerRequest;

constexpr std::int16_t several_version = 4;  // of AddPartitionsToTxn

using added_topics = std::vector<kafka::add_partitions_to_txn_request_topic>;

std::vector<kafka::add_partitions_to_txn_response_topic_result> lines_for(const added_topics& topics, error_code code) {
  std::vector<kafka::add_partitions_to_txn_response_topic_result> out;
  for (const auto& topic : topics) {
    auto& told = out.emplace_back();
    told.name = topic.name;
    for (const auto index : topic.partitions)
      told.results_by_partition.push_back({index, code_of(code)});
  }
  return out;
}

kafka::init_producer_id_response refusal_of(const kafka::init_producer_id_request&, error_code code) {
  kafka::init_producer_id_response out;
  out.error_code = code_of(code);
  out.producer_epoch = -1;
  return out;
}

kafka::add_partitions_to_txn_response refusal_of(const kafka::add_partitions_to_txn_request& r, error_code code) {
  kafka::add_partitions_to_txn_response out;
  out.results_by_topic_v3_and_below = lines_for(r.v3_and_below_topics, code);
  return out;
}

kafka::add_offsets_to_txn_response refusal_of(const kafka::add_offsets_to_txn_request&, error_code code) {
  kafka::add_offsets_to_txn_response out;
  out.error_code = code_of(code);
  return out;
}

kafka::end_txn_response refusal_of(const kafka::end_txn_request&, error_code code) {
  kafka::end_txn_response out;
  out.error_code = code_of(code);
  return out;
}

/// Brings the request as it came to the coordinator of `id` and its answer back.
template <class Request>
void pass_on(session_port& in, const call& what, byte_slice bytes, std::shared_ptr<Request> r, const std::string& id) {
  auto found = find_transaction_coordinator(in, id);
  if (found.code != error_code::none)
    return in.reply(what, refusal_of(*r, found.code));
  ask_coordinator(in, found.partition, what.key, what.version, std::move(bytes),
                  [&in, what, r](error_code code, byte_slice answer) {
                    if (code == error_code::none)
                      in.reply_encoded(what, std::move(answer));
                    else
                      in.reply(what, refusal_of(*r, code));
                  });
}

/// As Kafka does it: where some partitions are not there, the others are not tried.
bool refuse_unknown(const metadata::image& image, const added_topics& topics,
                    std::vector<kafka::add_partitions_to_txn_response_topic_result>& lines) {
  bool any = false;
  lines = lines_for(topics, error_code::operation_not_attempted);
  for (std::size_t t = 0; t < topics.size(); ++t) {
    const auto topic = image.find_topic(topics[t].name);
    for (auto& line : lines[t].results_by_partition)
      if (!topic || !topic->find(partition_index{line.partition_index})) {
        line.partition_error_code = code_of(error_code::unknown_topic_or_partition);
        any = true;
      }
  }
  return any;
}

/// Since version 4 a request may name transactions of several coordinators. Each answers for its own.
void add_to_several(session_port& in, const call& what, std::shared_ptr<kafka::add_partitions_to_txn_request> r) {
  using kafka::add_partitions_to_txn_response;
  auto out = std::make_shared<add_partitions_to_txn_response>();
  auto answers = std::make_shared<fan_in>([&in, what, out] { in.reply(what, *out); });
  out->results_by_transaction.resize(r->transactions.size());
  for (std::size_t i = 0; i < r->transactions.size(); ++i) {
    const auto& t = r->transactions[i];
    auto& told = out->results_by_transaction[i];
    told.transactional_id = t.transactional_id;
    if (refuse_unknown(*in.view()->image, t.topics, told.topic_results))
      continue;
    const auto found = find_transaction_coordinator(in, t.transactional_id);
    told.topic_results = lines_for(t.topics, found.code);
    if (found.code != error_code::none)
      continue;
    kafka::add_partitions_to_txn_request one;
    one.transactions = {t};
    answers->expect();
    ask_coordinator<add_partitions_to_txn_response>(
      in, found.partition, one, what.version,
      [r, out, answers, i](error_code code, add_partitions_to_txn_response answer) {
        auto& lines = out->results_by_transaction[i].topic_results;
        if (code == error_code::none && !answer.results_by_transaction.empty())
          lines = std::move(answer.results_by_transaction.front().topic_results);
        else
          lines = lines_for(r->transactions[i].topics,
                            code == error_code::none ? error_code{answer.error_code} : code);
        answers->arrived();
      });
  }
  answers->arrived();
}

}  // namespace

void init_producer_id(session_port& in, const call& what, kafka::reader& body) {
  auto bytes = body.rest();
  auto r = std::make_shared<kafka::init_producer_id_request>();
  if (!in.decode(what, body, *r))
    return;
  if (!r->transactional_id) {
    kafka::reader again{std::move(bytes)};
    return ask_controller(in, what, again);
  }
  if (r->transactional_id->empty())
    return in.reply(what, refusal_of(*r, error_code::invalid_request));
  pass_on(in, what, std::move(bytes), r, *r->transactional_id);
}

void add_partitions_to_txn(session_port& in, const call& what, kafka::reader& body) {
  auto bytes = body.rest();
  auto r = std::make_shared<kafka::add_partitions_to_txn_request>();
  if (!in.decode(what, body, *r))
    return;
  if (what.version >= several_version)
    return add_to_several(in, what, std::move(r));
  kafka::add_partitions_to_txn_response refused;
  if (refuse_unknown(*in.view()->image, r->v3_and_below_topics, refused.results_by_topic_v3_and_below))
    return in.reply(what, refused);
  pass_on(in, what, std::move(bytes), r, r->v3_and_below_transactional_id);
}

void add_offsets_to_txn(session_port& in, const call& what, kafka::reader& body) {
  auto bytes = body.rest();
  auto r = std::make_shared<kafka::add_offsets_to_txn_request>();
  if (in.decode(what, body, *r))
    pass_on(in, what, std::move(bytes), r, r->transactional_id);
}

void end_txn(session_port& in, const call& what, kafka::reader& body) {
  auto bytes = body.rest();
  auto r = std::make_shared<kafka::end_txn_request>();
  if (in.decode(what, body, *r))
    pass_on(in, what, std::move(bytes), r, r->transactional_id);
}

void write_txn_markers(session_port& in, const call& what, kafka::reader& body) {
  auto r = std::make_shared<kafka::write_txn_markers_request>();
  if (!in.decode(what, body, *r))
    return;
  kafka::writer newest;
  r->encode(newest, r->max_version);
  wire_builder<MarkerRequest> b;
  b->setCoordinator(-1);
  b->setBody(b.attach(flatten(std::move(newest).finish())));
  in.self().request(in.peers().coordination, caf::infinite, std::move(b).freeze())
    .then([&in, what](const wire<MarkerReply>& m) {
            kafka::reader from{std::get<byte_slice>(m.attachment(m->getBody()))};
            kafka::write_txn_markers_response out;
            out.decode(from, out.max_version);
            in.reply(what, out);
          },
          [&in, what](const caf::error& why) { in.refuse(what, render(why)); });
}

}  // namespace troupe::api
