#include "runtime/base/mutation.hpp"
#include "runtime/transaction/bounds.hpp"
#include "runtime/transaction/coordinator.hpp"

#include <utility>

// What producers ask: an id, partitions for their transaction, its end.
namespace troupe::transaction {

using kafka::code_of;
using kafka::error_code;

namespace {

/// From these versions on clients know PRODUCER_FENCED.
constexpr std::int16_t fenced_init_version = 4, fenced_version = 2;
constexpr std::int16_t several_version = 4;         ///< AddPartitionsToTxn
constexpr std::int16_t abortable_version = 5;       ///< likewise; knows TRANSACTION_ABORTABLE
constexpr std::int16_t end_with_bump_version = 5;   ///< EndTxn
constexpr std::int16_t fence_version = epoch_bump_version;  ///< of transactions that this node aborts itself

error_code known_to(std::int16_t version, std::int16_t knows_from, error_code code) {
  return code == error_code::producer_fenced && version < knows_from ? error_code::invalid_producer_epoch : code;
}

kafka::init_producer_id_response init_answer(const caller& who, error_code code, const state* with) {
  kafka::init_producer_id_response out;
  out.error_code = code_of(known_to(who.version, fenced_init_version, code));
  out.producer_id = with ? with->producer.value : -1;
  out.producer_epoch = with ? with->epoch : no_epoch_given;
  return out;
}

kafka::end_txn_response end_answer(const caller& who, error_code code, producer_id producer = no_producer_id,
                                   std::int16_t epoch = no_epoch_given) {
  kafka::end_txn_response out;
  out.error_code = code_of(known_to(who.version, fenced_version, code));
  out.producer_id = producer.value;
  out.producer_epoch = epoch;
  return out;
}

std::set<participant> participants_of(const std::vector<kafka::add_partitions_to_txn_request_topic>& topics) {
  std::set<participant> out;
  for (const auto& topic : topics)
    for (const auto partition : topic.partitions)
      out.insert({topic.name, partition});
  return out;
}

/// A line for each partition, with what `code_for` says of it.
template <class CodeFor>
std::vector<kafka::add_partitions_to_txn_response_topic_result>
results_of(const std::vector<kafka::add_partitions_to_txn_request_topic>& topics, CodeFor code_for) {
  std::vector<kafka::add_partitions_to_txn_response_topic_result> out;
  for (const auto& topic : topics) {
    auto& told = out.emplace_back();
    told.name = topic.name;
    for (const auto partition : topic.partitions)
      told.results_by_partition.push_back({partition, code_of(code_for(participant{topic.name, partition}))});
  }
  return out;
}

}  // namespace

// -- producer ids -----------------------------------------------------------------------------------------------------

/// False when none is at hand: `then` is called when one is, or cannot be had.
bool coordinator::want_producer_id(outcome then, effects& out) {
  if (!fresh_ids_.empty())
    return true;
  if (waiting_for_ids_.size() >= bounds::waiting_for_producer_ids_max) {
    then(error_code::coordinator_not_available, out);
    return false;
  }
  waiting_for_ids_.push_back(std::move(then));
  out.wants_producer_id = true;
  return false;
}

effects coordinator::give_producer_id(producer_id fresh) {
  effects out;
  fresh_ids_.push_back(fresh);
  go_on_with_ids(out);
  return out;
}

void coordinator::go_on_with_ids(effects& out) {
  while (!fresh_ids_.empty() && !waiting_for_ids_.empty()) {
    const auto then = std::move(waiting_for_ids_.front());
    waiting_for_ids_.pop_front();
    then(error_code::none, out);
  }
}

effects coordinator::no_producer_id_for_now() {
  effects out;
  if (waiting_for_ids_.empty())
    return out;
  const auto then = std::move(waiting_for_ids_.front());
  waiting_for_ids_.pop_front();
  then(error_code::coordinator_not_available, out);
  return out;
}

// -- InitProducerId ---------------------------------------------------------------------------------------------------

effects coordinator::init(const caller& who, const kafka::init_producer_id_request& r, moment now) {
  effects out;
  begin_init(who, r, now, out);
  return out;
}

void coordinator::begin_init(const caller& who, const kafka::init_producer_id_request& r, moment now, effects& out) {
  const auto refuse = [&](error_code code) { out.answers.push_back({who.id, init_answer(who, code, nullptr)}); };
  const auto& id = r.transactional_id.value_or("");
  const std::chrono::milliseconds timeout{r.transaction_timeout_ms};
  if (id.empty() || id.size() > bounds::transactional_id_bytes_max || (r.producer_id < 0) != (r.producer_epoch < 0))
    return refuse(error_code::invalid_request);
  if (timeout.count() <= 0 || timeout > options_.timeout_max)
    return refuse(error_code::invalid_transaction_timeout);
  auto* e = find(id);
  if (e && e->is_changing())
    return refuse(error_code::concurrent_transactions);
  if (e)
    return init_known(who, r, *e, now, out);
  if (all_.size() >= bounds::transactional_ids_max)
    return refuse(error_code::policy_violation);
  if (!want_producer_id([this, who, r, now](error_code code, effects& more) {
        if (code == error_code::none)
          return begin_init(who, r, now, more);
        more.answers.push_back({who.id, init_answer(who, code, nullptr)});
      }, out))
    return;
  auto& made = all_[id];
  made.now.producer = fresh_ids_.front();
  made.now.timeout = timeout;
  fresh_ids_.pop_front();
  init_known(who, r, made, now, out);
}

void coordinator::init_known(const caller& who, const kafka::init_producer_id_request& r, entry& e, moment now,
                             effects& out) {
  const auto refuse = [&](error_code code) { out.answers.push_back({who.id, init_answer(who, code, nullptr)}); };
  const bool has_epoch = r.producer_epoch >= 0;
  const bool is_of_previous = r.producer_id == e.now.previous.value && r.producer_epoch >= epochs_used_up;
  if (has_epoch && e.now.epoch != no_epoch_given && r.producer_id != e.now.producer.value && !is_of_previous)
    return refuse(error_code::producer_fenced);
  if (is_preparing(e.now.at))
    return refuse(error_code::concurrent_transactions);
  const auto& id = *r.transactional_id;
  if (e.now.at == status::ongoing)
    return fence(id, e, [who](error_code code, effects& more) {
      more.answers.push_back({who.id, init_answer(who, code == error_code::none ? error_code::concurrent_transactions
                                                                                : code, nullptr)});
    }, now, out);
  auto next = e.now;
  if (e.now.has_used_up_epochs() && (!has_epoch || r.producer_epoch == e.now.epoch)) {
    if (!want_producer_id([this, who, r, now](error_code code, effects& more) {
          if (code == error_code::none)
            return begin_init(who, r, now, more);
          more.answers.push_back({who.id, init_answer(who, code, nullptr)});
        }, out))
      return;
    next.previous = std::exchange(next.producer, fresh_ids_.front());
    fresh_ids_.pop_front();
    next.last_epoch = has_epoch ? std::exchange(next.epoch, std::int16_t{0}) : no_epoch_given;
    next.epoch = 0;
  } else if (!has_epoch || e.now.epoch == no_epoch_given || r.producer_epoch == e.now.epoch) {
    next.last_epoch = has_epoch ? e.now.epoch : no_epoch_given;
    next.epoch = static_cast<std::int16_t>(e.now.epoch + 1);
  } else if (r.producer_epoch != e.now.last_epoch) {  // else it asks again because it got no answer
    return refuse(error_code::producer_fenced);
  }
  next.timeout = std::chrono::milliseconds{r.transaction_timeout_ms};
  next.at = status::empty;
  next.client_version = 0;  // its requests will say
  next.partitions.clear();
  next.started.reset();
  next.updated = now.wall;
  const auto told = next;
  append(id, std::move(next), [who, told](error_code code, effects& more) {
    more.answers.push_back({who.id, init_answer(who, code, code == error_code::none ? &told : nullptr)});
  }, out);
}

/// Aborts the open transaction under an epoch that its producer does not have.
void coordinator::fence(const std::string& id, entry& e, outcome then, moment now, effects& out) {
  auto next = e.now;
  next.epoch = static_cast<std::int16_t>(e.now.epoch + 1);
  next.last_epoch = no_epoch_given;
  next.at = status::prepare_abort;
  next.client_version = fence_version;
  next.updated = now.wall;
  append(id, std::move(next), std::move(then), out);
}

// -- AddPartitionsToTxn, AddOffsetsToTxn ------------------------------------------------------------------------------

error_code coordinator::check(const claim& who, const entry* e) const {
  if (who.id.empty())
    return error_code::invalid_request;
  if (!e || e->now.epoch == no_epoch_given || e->now.producer != who.producer)
    return error_code::invalid_producer_id_mapping;
  if (e->now.epoch != who.epoch)
    return error_code::producer_fenced;
  return error_code::none;
}

error_code coordinator::verify(const claim& who, const participant& p) const {
  const auto* e = find(who.id);
  if (const auto code = check(who, e); code != error_code::none)
    return code;
  if (is_preparing(e->now.at) || (e->next && is_preparing(e->next->at)))
    return error_code::concurrent_transactions;
  return e->now.at == status::ongoing && e->now.partitions.contains(p) ? error_code::none
                                                                       : error_code::transaction_abortable;
}

void coordinator::begin_add(const claim& who, const std::set<participant>& partitions, std::int16_t client_version,
                            outcome then, bool waits, moment now, effects& out) {
  auto* e = find(who.id);
  if (const auto code = check(who, e); code != error_code::none)
    return then(code, out);
  if (e->is_changing() || is_preparing(e->now.at)) {
    const auto again = [this, id = who.id, producer = who.producer, epoch = who.epoch, partitions, client_version, then,
                        now](error_code code, effects& more) {
      if (code == error_code::none)
        return begin_add({id, producer, epoch}, partitions, client_version, then, false, now, more);
      then(code, more);
    };
    if (!waits || !may_wait(who.id, *e, again, now))
      then(error_code::concurrent_transactions, out);
    return;
  }
  if (e->now.at == status::ongoing
      && std::includes(e->now.partitions.begin(), e->now.partitions.end(), partitions.begin(), partitions.end()))
    return then(error_code::none, out);
  auto next = e->now;
  if (next.at != status::ongoing)
    next.started = now.wall;
  next.at = status::ongoing;
  next.partitions.insert(partitions.begin(), partitions.end());
  next.updated = now.wall;
  next.client_version = client_version;
  append(who.id, std::move(next), std::move(then), out);
}

effects coordinator::add_partitions(const caller& who, const kafka::add_partitions_to_txn_request& r, moment now) {
  effects out;
  if (who.version < several_version) {
    const claim from{r.v3_and_below_transactional_id, producer_id{r.v3_and_below_producer_id},
                     r.v3_and_below_producer_epoch};
    begin_add(from, participants_of(r.v3_and_below_topics), 0,
              [who, topics = r.v3_and_below_topics](error_code code, effects& more) {
                kafka::add_partitions_to_txn_response body;
                body.results_by_topic_v3_and_below = results_of(
                  topics, [&](const auto&) { return known_to(who.version, fenced_version, code); });
                more.answers.push_back({who.id, std::move(body)});
              }, true, now, out);
    return out;
  }
  if (r.transactions.size() != 1) {
    kafka::add_partitions_to_txn_response refused;
    refused.error_code = code_of(error_code::invalid_request);
    out.answers.push_back({who.id, std::move(refused)});
    return out;
  }
  const auto& t = r.transactions.front();
  const claim from{t.transactional_id, producer_id{t.producer_id}, t.producer_epoch};
  const auto answer = [who, id = t.transactional_id, topics = t.topics](const auto& code_for, effects& more) {
    kafka::add_partitions_to_txn_response body;
    body.results_by_transaction.push_back({id, results_of(topics, code_for)});
    more.answers.push_back({who.id, std::move(body)});
  };
  if (t.verify_only)
    answer([&](const participant& p) {
      const auto code = verify(from, p);
      return code == error_code::transaction_abortable && who.version < abortable_version
               ? error_code::invalid_txn_state : code;
    }, out);
  else
    begin_add(from, participants_of(t.topics), epoch_bump_version,
              [answer](error_code code, effects& more) { answer([code](const auto&) { return code; }, more); },
              true, now, out);
  return out;
}

effects coordinator::add_offsets(const caller& who, const kafka::add_offsets_to_txn_request& r,
                                 const participant& offsets, moment now) {
  effects out;
  begin_add({r.transactional_id, producer_id{r.producer_id}, r.producer_epoch}, {offsets}, 0,
            [who](error_code code, effects& more) {
              kafka::add_offsets_to_txn_response body;
              body.error_code = code_of(known_to(who.version, fenced_version, code));
              more.answers.push_back({who.id, body});
            }, true, now, out);
  return out;
}

// -- EndTxn -----------------------------------------------------------------------------------------------------------

effects coordinator::end(const caller& who, const kafka::end_txn_request& r, moment now) {
  effects out;
  begin_end(who, r, now, out);
  return out;
}

namespace {

enum class verdict : std::uint8_t { fenced, retried, early, valid };

/// Whether the epoch is the one of the transaction that is to end. With an epoch a transaction, the one before means
/// the transaction before: its end was told and the answer was lost. The current one while that end is carried out is
/// the next transaction's, which is early.
verdict judge_epoch(const state& now, producer_id producer, std::int16_t epoch) {
  if (mutation("M22"))
    return verdict::valid;
  if (!now.bumps_epochs())
    return epoch == now.epoch ? verdict::valid : verdict::fenced;
  const bool is_before = producer == now.producer && epoch + 1 == now.epoch;
  const bool is_before_rotation = producer == now.previous && epoch == epochs_used_up && now.epoch == 0;
  const bool is_over = now.at == status::complete_commit || now.at == status::complete_abort;
  if ((is_before && (is_over || is_preparing(now.at))) || (is_before_rotation && is_over))
    return verdict::retried;
  if (epoch != now.epoch || producer != now.producer)
    return verdict::fenced;
  return is_preparing(now.at) ? verdict::early : verdict::valid;
}

}  // namespace

void coordinator::begin_end(const caller& who, const kafka::end_txn_request& r, moment now, effects& out) {
  const auto refuse = [&](error_code code) { out.answers.push_back({who.id, end_answer(who, code)}); };
  if (r.transactional_id.empty())
    return refuse(error_code::invalid_request);
  auto* e = find(r.transactional_id);
  const producer_id producer{r.producer_id};
  if (!e || e->now.epoch == no_epoch_given)
    return refuse(error_code::invalid_producer_id_mapping);
  const auto epoch = judge_epoch(e->now, producer, r.producer_epoch);
  if (e->now.producer != producer && epoch != verdict::retried)
    return refuse(error_code::invalid_producer_id_mapping);
  if (epoch == verdict::fenced)
    return refuse(error_code::producer_fenced);
  if (e->is_changing() || epoch == verdict::early)
    return refuse(error_code::concurrent_transactions);
  const auto done = r.committed ? status::complete_commit : status::complete_abort;
  const bool with_bump = who.version >= end_with_bump_version;
  const bool is_told_already = with_bump ? epoch == verdict::retried : true;
  if (e->now.at == (r.committed ? status::prepare_commit : status::prepare_abort))
    return refuse(error_code::concurrent_transactions);
  if (e->now.at == done && is_told_already)
    return tell_again(who, r.transactional_id, *e, out);
  // A client with an epoch a transaction may abort one without partitions (KAFKA-18464).
  const bool is_empty_abort = with_bump && !r.committed && epoch == verdict::valid && e->now.at != status::ongoing
                              && !is_preparing(e->now.at);
  if (e->now.at != status::ongoing && !is_empty_abort)
    return refuse(error_code::invalid_txn_state);
  prepare(who, r, *e, now, out);
}

/// That the transaction is over as asked is told when the journal has taken it once more: a coordinator that has been
/// replaced without knowing would tell of the transaction before, under the same epoch, and this one may be aborted.
void coordinator::tell_again(const caller& who, const std::string& id, const entry& e, effects& out) {
  const auto answer = end_answer(who, error_code::none, e.now.producer, e.now.epoch);
  append(id, e.now, [who, answer](error_code code, effects& more) {
    more.answers.push_back({who.id, code == error_code::none ? answer : end_answer(who, code)});
  }, out);
}

/// What is decided here is carried out by whoever coordinates the id from now on.
void coordinator::prepare(const caller& who, const kafka::end_txn_request& r, const entry& e, moment now,
                          effects& out) {
  const bool with_bump = who.version >= end_with_bump_version;
  auto next = e.now;
  if (with_bump) {
    if (e.now.has_used_up_epochs()) {
      if (!want_producer_id([this, who, r, now](error_code code, effects& more) {
            if (code == error_code::none)
              return begin_end(who, r, now, more);
            more.answers.push_back({who.id, end_answer(who, code)});
          }, out))
        return;
      next.next = fresh_ids_.front();
      fresh_ids_.pop_front();
    }
    next.last_epoch = next.epoch;
    next.epoch = static_cast<std::int16_t>(next.epoch + 1);
  }
  next.client_version = with_bump ? epoch_bump_version : std::int16_t{0};
  next.at = r.committed ? status::prepare_commit : status::prepare_abort;
  next.updated = now.wall;
  if (e.now.at != status::ongoing) {
    next.partitions.clear();
    next.started = now.wall;
  }
  const bool rotates = next.next != no_producer_id;
  const auto answer = end_answer(who, error_code::none, rotates ? next.next : next.producer,
                                 rotates ? std::int16_t{0} : next.epoch);
  append(r.transactional_id, std::move(next),
         [this, who, answer, now, id = r.transactional_id](error_code code, effects& more) {
           more.answers.push_back({who.id, code == error_code::none ? answer : end_answer(who, code)});
           if (auto* ended = find(id); ended && code == error_code::none)
             complete_if_marked(id, *ended, now, more);  // without partitions
         }, out);
}

}  // namespace troupe::transaction
