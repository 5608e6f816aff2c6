// What operators ask about transactions: DescribeTransactions and ListTransactions (KIP-664).
#include "actors/api/coordinator_calls.hpp"
#include "actors/api/partition_calls.hpp"
#include "runtime/transaction/state.hpp"
#include "schema/kafka/describe_transactions.hpp"
#include "schema/kafka/list_transactions.hpp"

#include <caf/all.hpp>

#include <algorithm>

namespace troupe::api {

using kafka::code_of;
using kafka::describe_transactions_request;
using kafka::describe_transactions_response;
using kafka::error_code;
using kafka::list_transactions_request;
using kafka::list_transactions_response;

void describe_transactions(session_port& in, const call& what, kafka::reader& body) {
  describe_transactions_request r;
  if (!in.decode(what, body, r))
    return;
  auto out = std::make_shared<describe_transactions_response>();
  auto answers = std::make_shared<fan_in>([&in, what, out] { in.reply(what, *out); });
  out->transaction_states.resize(r.transactional_ids.size());
  for (std::size_t i = 0; i < r.transactional_ids.size(); ++i) {
    const auto& id = r.transactional_ids[i];
    out->transaction_states[i].transactional_id = id;
    auto found = find_transaction_coordinator(in, id);
    out->transaction_states[i].error_code = code_of(found.code);
    if (found.code != error_code::none)
      continue;
    describe_transactions_request one;
    one.transactional_ids = {id};
    answers->expect();
    ask_coordinator<describe_transactions_response>(
      in, found.partition, one, what.version,
      [out, answers, i](error_code code, describe_transactions_response answer) {
        auto& told = out->transaction_states[i];
        if (code == error_code::none && !answer.transaction_states.empty())
          told = std::move(answer.transaction_states.front());
        else
          told.error_code = code_of(code);
        answers->arrived();
      });
  }
  answers->arrived();
}

/// All of the coordinators on this node; a client asks every node.
void list_transactions(session_port& in, const call& what, kafka::reader& body) {
  list_transactions_request r;
  if (!in.decode(what, body, r))
    return;
  auto out = std::make_shared<list_transactions_response>();
  auto answers = std::make_shared<fan_in>([&in, what, out] { in.reply(what, *out); });
  // Words that are no states let nothing through, unless there are others beside them.
  const bool had_filters = !r.state_filters.empty();
  std::erase_if(r.state_filters, [&](const std::string& name) {
    if (transaction::status_named(name))
      return false;
    out->unknown_state_filters.push_back(name);
    return true;
  });
  if (!had_filters || !r.state_filters.empty())
    for (const auto& partition : coordinators_here(in, transaction::state_topic)) {
      answers->expect();
      ask_coordinator<list_transactions_response>(
        in, partition, r, what.version, [out, answers](error_code code, list_transactions_response answer) {
          // Those that moved away meanwhile tell of theirs elsewhere.
          if (code == error_code::none)
            code = error_code{answer.error_code};
          if (code != error_code::none && code != error_code::not_coordinator)
            out->error_code = code_of(code);
          std::move(answer.transaction_states.begin(), answer.transaction_states.end(),
                    std::back_inserter(out->transaction_states));
          answers->arrived();
        });
    }
  answers->arrived();
}

}  // namespace troupe::api
